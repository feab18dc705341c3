// Package logs runs the parts of Fluent Bit's configuration that change a log
// line: the redaction, in a real Lua engine, and the joining of lines.
package logs

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// Redact calls the function redact of a script as Fluent Bit's Lua filter does
// (Fluent Bit manual, "Lua"): tag, timestamp and record go in, a code, a
// timestamp and a record come out. Code 2 means that the record was changed and
// the timestamp was not.
func Redact(script string, record map[string]any) (map[string]any, error) {
	l := lua.NewState()
	defer l.Close()
	if err := l.DoString(script); err != nil {
		return nil, fmt.Errorf("load the script: %w", err)
	}
	fn := l.GetGlobal("redact")
	if fn.Type() != lua.LTFunction {
		return nil, fmt.Errorf("the script has no function redact")
	}
	if err := l.CallByParam(lua.P{Fn: fn, NRet: 3, Protect: true}, lua.LString("kube.x"), lua.LNumber(0), toLua(l, record)); err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	code, out := l.Get(-3), l.Get(-1)
	if code != lua.LNumber(2) {
		return nil, fmt.Errorf("redact answers with code %s, want 2: the record changed, the time did not", code)
	}
	got, ok := fromLua(out).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("redact returns a %s, want a record", out.Type())
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
