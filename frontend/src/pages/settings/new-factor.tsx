import type { Schemas } from "../../api/schemas";
import { CopyButton, CopyLine } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import classes from "./factors.module.css";

export function NewSecret({ made }: { made: Schemas["NewTotp"] }) {
  return (
    <>
      <p>Scan this with the app, or type the key into it.</p>
      <img className={classes.qr} src={made.picture} alt="QR code of the key below" />
      <div data-testid="totp-secret">
        <CopyLine text={made.secret} label="Copy the key" />
      </div>
    </>
  );
}

export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <>
      <p>Each signs you in once when your second factor is lost. Keep them away from this machine: they are shown only now.</p>
      <ul className={classes.codes} data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <p className={parts.dim}>
        Copy all <CopyButton text={codes.join("\n")} label="Copy the recovery codes" />
      </p>
    </>
  );
}
