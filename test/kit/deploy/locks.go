package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Lock is a lock on a state: the object "<key>.tflock" beside it (Backend Type:
// s3, "State Locking", in Terraform's documentation).
type Lock struct {
	Key       string `json:"-"`
	ID        string
	Operation string
	// Who is user@host.
	Who     string
	Created time.Time
}

// String says who holds the lock, and since when.
func (l Lock) String() string {
	return fmt.Sprintf("%s: %s by %s since %s (lock %s)", strings.TrimSuffix(l.Key, lockSuffix), l.Operation, l.Who, l.Created.UTC().Format(time.RFC3339), l.ID)
}

const lockSuffix = ".tflock"

// ErrLocked marks locks that are left alone, since somebody still works.
var ErrLocked = errors.New("the state is locked by a run that is still there")

// Locks lists the locks in a bucket of states.
func Locks(ctx context.Context, client *s3.Client, bucket string) ([]Lock, error) {
	var locks []Lock
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the locks in %s: %w", bucket, err)
		}
		for _, o := range page.Contents {
			key := aws.ToString(o.Key)
			if !strings.HasSuffix(key, lockSuffix) {
				continue
			}
			out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return nil, fmt.Errorf("read the lock %s: %w", key, err)
			}
			l := Lock{Key: key}
			err = errors.Join(json.NewDecoder(out.Body).Decode(&l), out.Body.Close())
			if err != nil {
				return nil, fmt.Errorf("read the lock %s: %w", key, err)
			}
			locks = append(locks, l)
		}
	}
	return locks, nil
}

// ClearLocks removes the locks that a dead run left on its states, and returns
// them. While its process lives, or a Terraform of it, nothing is removed and the
// error is ErrLocked, with who holds what.
func ClearLocks(ctx context.Context, client *s3.Client, e ledger.Entry) ([]Lock, error) {
	if e.StateBucket == "" {
		return nil, nil
	}
	locks, err := Locks(ctx, client, e.StateBucket)
	if err != nil || len(locks) == 0 {
		return nil, err
	}
	alive, err := working(e)
	if err != nil {
		return nil, err
	}
	if alive != "" {
		lines := make([]string, len(locks))
		for i, l := range locks {
			lines[i] = l.String()
		}
		return nil, fmt.Errorf("%w: %s\n  %s", ErrLocked, alive, strings.Join(lines, "\n  "))
	}
	for _, l := range locks {
		if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &e.StateBucket, Key: &l.Key}); err != nil {
			return nil, fmt.Errorf("clear the lock %s: %w", l.Key, err)
		}
	}
	return locks, nil
}

// working names a process that still works in the environment, or is empty.
func working(e ledger.Entry) (string, error) {
	if e.Owner.Alive() && e.Owner != ledger.Self() {
		return fmt.Sprintf("process %d runs the suite", e.Owner.PID), nil
	}
	pids, err := filepath.Glob(filepath.Join(e.Dir, "*"+pidFile))
	if err != nil {
		return "", err
	}
	for _, file := range pids {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // gone meanwhile
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		if belongs(pid, e.ID) {
			return fmt.Sprintf("terraform, process %d, is at work", pid), nil
		}
	}
	return "", nil
}
