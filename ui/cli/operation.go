package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"nightbell/appliance"
)

// operation is what a command asks of an appliance: one function from arguments
// to an answer, both JSON. It runs in this process on a stopped appliance, and
// in the service on a running one; a person sees no difference.
type operation struct {
	name string
	run  func(ctx context.Context, a *appliance.Appliance, args json.RawMessage, progress progress) (any, error)
}

// progress is told how much of a long operation is done, in its own units.
type progress = func(done, total int64)

// ask ties a name to a function with typed arguments and answer.
type ask[A, R any] struct {
	name string
	do   func(ctx context.Context, a *appliance.Appliance, args A, progress progress) (R, error)
}

func (q ask[A, R]) operation() operation {
	return operation{name: q.name, run: func(ctx context.Context, a *appliance.Appliance, raw json.RawMessage, p progress) (any, error) {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, fmt.Errorf("%s: the arguments cannot be read; is the service of another version?", q.name)
		}
		return q.do(ctx, a, args, p)
	}}
}

// operations are all that can be asked over the socket.
func operations() []operation {
	return []operation{
		askUserAdd.operation(), askUserList.operation(), askUserDisable.operation(), askUserReset.operation(),
		askDeviceAdd.operation(), askDeviceList.operation(), askDeviceDisable.operation(),
		askOnCallSet.operation(), askOnCallNow.operation(), askOnCallShow.operation(), askOnCallImport.operation(),
		askProtocolList.operation(), askProtocolExport.operation(), askProtocolImport.operation(), askProtocolExplain.operation(),
		askConfigGet.operation(), askConfigSet.operation(), askConfigList.operation(),
		askMessageList.operation(), askMessageShow.operation(), askMessageExport.operation(),
		askQueue.operation(), askLock.operation(), askStatus.operation(), askKitGone.operation(),
		askBackupNow.operation(), askBackupFolder.operation(),
		askAuditVerify.operation(), askAuditExport.operation(),
	}
}

// nothing is the arguments or the answer of an operation that has none.
type nothing struct{}
