package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/audit"
)

func newAudit(e *env) *cobra.Command {
	group := &cobra.Command{Use: "audit", Short: "The record of everything that was done"}
	group.AddCommand(newAuditVerify(e), newAuditExport(e))
	return group
}

func newAuditVerify(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Walk the whole record and check that nothing was changed; exit 3 at the first break", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			report, err := put(c.Context(), e, askAuditVerify, nothing{}, nil)
			if err != nil {
				return err
			}
			if err := e.object(report, func() {
				if report.FirstBad == nil {
					e.say("%d records, unbroken. Root %s.", report.Records, report.Root)
				}
			}); err != nil {
				return err
			}
			if report.FirstBad != nil {
				return checkFailed{fmt.Errorf("the record is broken at %d: %s; keep this data folder as it is and restore the newest backup beside it", *report.FirstBad, report.Why)}
			}
			return nil
		},
	}
}

func newAuditExport(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "Print every record, one JSON object a line", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			enc := json.NewEncoder(e.out)
			for from := int64(0); ; {
				leaves, err := put(c.Context(), e, askAuditExport, from, nil)
				if err != nil {
					return err
				}
				for _, l := range leaves {
					if err := enc.Encode(l); err != nil {
						return fmt.Errorf("writing the record: %w", err)
					}
				}
				if len(leaves) == 0 {
					return nil
				}
				from = leaves[len(leaves)-1].N + 1
			}
		},
	}
}

// exportPage is how many records one question asks for.
const exportPage = 1000

var askAuditVerify = ask[nothing, audit.Report]{"audit-verify", func(ctx context.Context, a *appliance.Appliance, _ nothing, _ progress) (audit.Report, error) {
	return a.VerifyAudit(ctx)
}}

var askAuditExport = ask[int64, []audit.Leaf]{"audit-export", func(_ context.Context, a *appliance.Appliance, from int64, _ progress) ([]audit.Leaf, error) {
	return a.AuditLeaves(from, exportPage)
}}
