// Package logs runs the parts of Fluent Bit's configuration that change a log
// line: the redaction, in a real Lua engine, and the joining of lines.
package logs

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// Redact calls the function redact of a script on one record.
func Redact(script string, record map[string]any) (map[string]any, error) {
	s, err := loadScript(script, "redact")
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.call(record)
}

// luaFilter calls a function as Fluent Bit's Lua filter does (Fluent Bit manual,
// "Lua"): tag, timestamp and record go in, a code, a timestamp and a record come
// out. Code 2 means that the record was changed and the timestamp was not.
type luaFilter struct {
	state *lua.LState
	name  string
	fn    lua.LValue
}

func loadScript(script, function string) (*luaFilter, error) {
	l := lua.NewState()
	if err := l.DoString(script); err != nil {
		l.Close()
		return nil, fmt.Errorf("load the script: %w", err)
	}
	fn := l.GetGlobal(function)
	if fn.Type() != lua.LTFunction {
		l.Close()
		return nil, fmt.Errorf("the script has no function %s", function)
	}
	return &luaFilter{l, function, fn}, nil
}

func (f *luaFilter) close() { f.state.Close() }

func (f *luaFilter) call(record map[string]any) (map[string]any, error) {
	l := f.state
	defer l.SetTop(l.GetTop())
	if err := l.CallByParam(lua.P{Fn: f.fn, NRet: 3, Protect: true}, lua.LString("kube.x"), lua.LNumber(0), toLua(l, record)); err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	code, out := l.Get(-3), l.Get(-1)
	if code != lua.LNumber(2) {
		return nil, fmt.Errorf("%s answers with code %s, want 2: the record changed, the time did not", f.name, code)
	}
	got, ok := fromLua(out).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s returns a %s, want a record", f.name, out.Type())
	}
	return got, nil
}

func toLua(l *lua.LState, v any) lua.LValue {
	switch x := v.(type) {
	case map[string]any:
		t := l.NewTable()
		for k, e := range x {
			t.RawSetString(k, toLua(l, e))
		}
		return t
	case []any:
		t := l.NewTable()
		for _, e := range x {
			t.Append(toLua(l, e))
		}
		return t
	case string:
		return lua.LString(x)
	case bool:
		return lua.LBool(x)
	case int:
		return lua.LNumber(x)
	case float64:
		return lua.LNumber(x)
	}
	return lua.LNil
}

func fromLua(v lua.LValue) any {
	switch x := v.(type) {
	case *lua.LTable:
		if n := x.Len(); n > 0 {
			list := make([]any, 0, n)
			for i := 1; i <= n; i++ {
				list = append(list, fromLua(x.RawGetInt(i)))
			}
			return list
		}
		out := map[string]any{}
		x.ForEach(func(k, e lua.LValue) { out[k.String()] = fromLua(e) })
		return out
	case lua.LString:
		return string(x)
	case lua.LBool:
		return bool(x)
	case lua.LNumber:
		return float64(x)
	}
	return nil
}
