package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	schedulerOptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// Limits, as data.
const (
	etcdReady      = 60 * time.Second        // from start to the first leader, on a loaded machine
	apiServerReady = 120 * time.Second       // from start to readyz
	apiServerPoll  = 50 * time.Millisecond   // between two questions
	apiServerStop  = 10 * time.Second        // for open requests after a signal
	askTimeout     = 2000 * time.Millisecond // for one question
)

// serve runs all components until a signal comes or one of them ends.
func serve(ctx context.Context, c config) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	// Each component sets up logging for the process; the second one would fail.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged

	// The API server's command registers its feature gates for good, and the
	// controller manager's must see them unregistered.
	manager := controllers.NewControllerManagerCommand()
	server := apiserver.NewAPIServerCommand()

	etcd, err := startEtcd(ctx, c.Etcd)
	if err != nil {
		return err
	}
	defer etcd.Close()

	ended := make(chan error, 3)
	served := start(ctx, ended, "kube-apiserver", server, c.APIServerFlags)
	if err := awaitAPIServer(ctx, c, ended); err != nil {
		return ignoreStop(ctx, err)
	}
	start(ctx, ended, "kube-controller-manager", manager, c.ControllerManagerFlags)
	if err := startScheduler(ctx, ended, c.SchedulerFlags); err != nil {
		return err
	}

	select {
	case err := <-ended:
		return ignoreStop(ctx, err)
	case err := <-etcd.Err():
		return fmt.Errorf("etcd ended: %w", err)
	case <-ctx.Done():
	}
	// etcd must outlive the API server, which writes until it has stopped.
	select {
	case <-served:
	case <-time.After(apiServerStop):
	}
	return nil
}

// ignoreStop returns nil when a signal is what ended things.
func ignoreStop(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func startEtcd(ctx context.Context, c etcdConfig) (*embed.Etcd, error) {
	client, err := url.Parse(c.ClientURL)
	if err != nil {
		return nil, err
	}
	peer, err := url.Parse(c.PeerURL)
	if err != nil {
		return nil, err
	}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel = c.DataDir, "error"
	// What the machine loses with its power is a throwaway cluster.
	cfg.UnsafeNoFsync = true
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	select {
	case <-e.Server.ReadyNotify():
		return e, nil
	case err = <-e.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(etcdReady):
		err = fmt.Errorf("not ready within %s", etcdReady)
	}
	e.Close()
	return nil, fmt.Errorf("start etcd: %w", err)
}

// start runs a component's command; it reports to ended, and closes the channel
// that it returns, when the command ends.
func start(ctx context.Context, ended chan<- error, name string, c *cobra.Command, flags []string) <-chan struct{} {
	c.SetArgs(flags)
	c.SilenceUsage = true
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- fmt.Errorf("%s ended: %w", name, errOrReturned(c.ExecuteContext(ctx)))
	}()
	return done
}

// awaitAPIServer returns when the API server says that it is ready.
func awaitAPIServer(ctx context.Context, c config, ended <-chan error) error {
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return fmt.Errorf("caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("caFile: %s holds no certificate", c.CAFile)
	}
	client := &http.Client{Timeout: askTimeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	limit := time.After(apiServerReady)
	for {
		if res, err := client.Get(c.APIServer + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return fmt.Errorf("kube-apiserver was not ready within %s", apiServerReady)
		case <-time.After(apiServerPoll):
		}
	}
}

// startScheduler does what the scheduler's command does but for its signal
// handler, of which a process can have one.
func startScheduler(ctx context.Context, ended chan<- error, args []string) error {
	options := schedulerOptions.NewOptions()
	flags := pflag.NewFlagSet("kube-scheduler", pflag.ContinueOnError)
	for _, set := range options.Flags.FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("schedulerFlags: %w", err)
	}
	complete, s, err := scheduler.Setup(ctx, options)
	if err != nil {
		return fmt.Errorf("start kube-scheduler: %w", err)
	}
	go func() {
		ended <- fmt.Errorf("kube-scheduler ended: %w", errOrReturned(scheduler.Run(ctx, complete, s)))
	}()
	return nil
}

func errOrReturned(err error) error {
	if err == nil {
		return errors.New("it returned without an error")
	}
	return err
}
