package front

import (
	"context"
	"fmt"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// The requests that are not handed on unread (tfplugin5.proto of Terraform, and the
// services that its plugin library adds).
const (
	getSchema = "/tfplugin5.Provider/GetSchema"
	configure = "/tfplugin5.Provider/Configure"
	broker    = "/plugin.GRPCBroker/StartStream"
	printed   = "/plugin.GRPCStdio/StreamStdio"
	shutdown  = "/plugin.GRPCController/Shutdown"
	health    = "/grpc.health.v1.Health/Check"
)

// serving is HealthCheckResponse with the status SERVING.
var serving = []byte{8, 1}

// handle answers one request.
func (f *Front) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	ctx := stream.Context()
	switch method {
	case broker, printed: // nothing comes of either; Terraform keeps them open
		<-ctx.Done()
		return nil
	}
	var request frame
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	answer, err := f.answer(ctx, method, request.bytes)
	if err != nil {
		return err
	}
	return stream.SendMsg(&frame{answer})
}

func (f *Front) answer(ctx context.Context, method string, request []byte) ([]byte, error) {
	c, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return nil, status.Error(codes.Internal, "a request of no connection")
	}
	switch method {
	case shutdown: // the processes are not Terraform's to end
		return nil, nil
	case health:
		return serving, nil
	case getSchema:
		return f.schemas(ctx, request)
	case configure:
		b, err := f.claim(ctx, c, string(request))
		if err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
		return b.configure(ctx, method, request)
	}
	b := c.backend.Load()
	if b == nil {
		var err error
		if b, err = f.any(ctx); err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
	}
	return b.ask(ctx, method, request)
}

// schemas are those of the types that are shown.
func (f *Front) schemas(ctx context.Context, request []byte) ([]byte, error) {
	s, err := f.config.Cache.get(func() ([]byte, error) {
		b, err := f.any(ctx)
		if err != nil {
			return nil, status.Error(codes.Unavailable, err.Error())
		}
		return b.ask(ctx, getSchema, request)
	})
	if err != nil {
		return nil, err
	}
	if types := f.types.Load(); types != nil {
		return s.Of((*types)()), nil
	}
	return s.Of(nil), nil
}

// connection is one of Terraform's: it opens one for each configuration of the
// provider.
type connection struct{ backend atomic.Pointer[backend] }

type connectionKey struct{}

// connections tells the front of connections that open and end.
type connections struct{ f *Front }

func (c connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

func (c connections) HandleConn(ctx context.Context, s stats.ConnStats) {
	if _, ended := s.(*stats.ConnEnd); !ended {
		return
	}
	if one, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		c.f.leave(one)
	}
}

func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connections) HandleRPC(context.Context, stats.RPCStats)                       {}

// frame is a message that nobody reads here.
type frame struct{ bytes []byte }

// unread is a codec that leaves messages as they are.
type unread struct{}

func (unread) Marshal(v any) ([]byte, error) {
	if f, ok := v.(*frame); ok {
		return f.bytes, nil
	}
	return nil, fmt.Errorf("a message of type %T", v)
}

func (unread) Unmarshal(data []byte, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return fmt.Errorf("a message of type %T", v)
	}
	f.bytes = append([]byte(nil), data...)
	return nil
}

func (unread) Name() string { return "proto" }
