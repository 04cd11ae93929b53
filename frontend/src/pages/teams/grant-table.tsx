import { visible } from "../../format/bytes-text";
import { Button } from "@mantine/core";
import { type Grant, removeGrant } from "../../api/teams";
import parts from "../../ui/parts.module.css";
import { RiskBadge } from "../../ui/risk";
import { SureButton } from "../../ui/sure-button";
import { Labels } from "../hosts/host-parts";
import { Outcome } from "../settings/form-parts";
import classes from "./teams.module.css";
import { boundsText, everyHost, holderText } from "./terms";
import { useChange } from "./use-change";

interface Props {
  readonly grants: readonly Grant[];
  readonly mayChange: boolean;
  readonly change: (grant: Grant) => void;
}

export function GrantTable({ grants, mayChange, change }: Props) {
  const take = useChange(removeGrant);
  if (grants.length === 0) return <p className={classes.none}>Nothing is granted here that you may see.</p>;
  return (
    <div className={classes.grants}>
      <table className={parts.table}>
        <thead>
          <tr className={parts.label}>
            <th>Who</th>
            <th>Role</th>
            <th>Hosts</th>
            <th>Up to</th>
            <th>Within</th>
            {mayChange && <th aria-label="Change" />}
          </tr>
        </thead>
        <tbody>
          {grants.map((grant) => (
            <tr key={grant.id} data-testid="grant-row" data-grant={grant.id}>
              <td>
                {holderText(grant)}
                {grant.issuer !== null && <div className={parts.dim}>by groups at {grant.issuer}</div>}
              </td>
              <td>
                {grant.role}
                {grant.break_glass && <div className={parts.dim}>may break the glass</div>}
              </td>
              <td>
                <Hosts grant={grant} />
              </td>
              <td>
                <RiskBadge risk={grant.risk} />
              </td>
              <td className={parts.dim}>{boundsText(grant)}</td>
              {mayChange && (
                <td>
                  <div className={classes.act}>
                    {grant.issuer === null && (
                      <Button variant="default" aria-label={`Change the grant of ${holderText(grant)} as ${grant.role}`} onClick={() => change(grant)} data-testid="grant-change">
                        Change
                      </Button>
                    )}
                    <SureButton
                      name="Take away"
                      sure="Take it away"
                      label={`Take away the grant of ${holderText(grant)} as ${grant.role}`}
                      busy={take.isPending && take.variables === grant.id}
                      act={() => take.mutate(grant.id)}
                      testid="grant-take"
                    />
                  </div>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <div className={classes.trouble}>
        <Outcome error={take.error} done={null} />
      </div>
    </div>
  );
}

function Hosts({ grant }: { grant: Grant }) {
  if (everyHost(grant)) return <span className={parts.dim}>every host</span>;
  return (
    <>
      {visible(grant.host_names.join(", "))} <Labels labels={grant.host_labels} />
    </>
  );
}
