import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { useNavigate } from "react-router";
import type { Me } from "../../api/accounts";
import type { Step } from "../../api/factors";
import { ChoosePassword } from "./choose-password";
import { Enrol } from "./enrol";
import { SecondFactor } from "./second-factor";

/** What follows a first proof; after a one-time password, asks for an own one, which can wait. */
export function SignInSteps({ first, from, again }: { first: Step; from: string; again: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [step, setStep] = useState(first);
  const enter = useCallback(
    (me: Me): void => {
      client.setQueryData(["me"], me);
      void navigate(from, { replace: true });
    },
    [client, navigate, from],
  );
  useEffect(() => {
    if (step.me && !step.me.one_time) enter(step.me);
  }, [step, enter]);
  if (step.me) return step.me.one_time ? <ChoosePassword me={step.me} done={enter} /> : null;
  if (step.step === "enrol") return <Enrol username={step.username} done={setStep} again={again} />;
  return <SecondFactor step={step} done={setStep} again={again} />;
}
