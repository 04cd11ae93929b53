import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { answerRequest, type Request, startApproved, type Verb } from "../../api/requests";
import { session as sessionQuery } from "../../api/tracing";
import { errorText } from "../../ui/parts";
import { useMe } from "../use-me";
import { actionsOf } from "./actions";
import classes from "./requests.module.css";
import { Sign } from "./sign";

export function RequestActions({ request }: { request: Request }) {
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const answer = useMutation({
    mutationFn: ({ verb, body }: { verb: Verb; body: Record<string, string> }) => answerRequest(request.id, verb, body),
    onSettled: () => void client.invalidateQueries({ queryKey: ["requests"] }),
  });
  const start = useMutation({
    mutationFn: () => startApproved(request.id),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery(session.id).queryKey, session);
      void navigate(`/sessions/${session.id}`);
    },
    onError: () => void client.invalidateQueries({ queryKey: ["requests"] }),
  });
  const actions = actionsOf(request, me.username, me.can.approve);
  const say = (verb: Verb, body: Record<string, string> = {}) => () => answer.mutate({ verb, body });
  const error = answer.error ?? start.error;
  const busy = answer.isPending || start.isPending;
  const speaks = actions.includes("deny") || actions.includes("review");
  return (
    <>
      {actions.includes("sign") && <Sign request={request} own={request.created_by === me.username} />}
      {speaks && (
        <Textarea
          label={actions.includes("review") ? "What did you find?" : "Why not? (to deny)"}
          autosize
          minRows={2}
          maxLength={500}
          data-testid="request-words"
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      )}
      <div className={classes.buttons}>
        {actions.includes("approve") && (
          <Button data-testid="request-approve" loading={busy} onClick={say("approve")}>
            Agree to exactly this
          </Button>
        )}
        {actions.includes("start") && (
          <Button data-testid="request-start" loading={busy} onClick={() => start.mutate()}>
            Start it
          </Button>
        )}
        {actions.includes("deny") && (
          <Button
            variant="default"
            data-testid="request-deny"
            disabled={words.trim() === ""}
            loading={busy}
            onClick={say("deny", { reason: words.trim() })}
          >
            Deny
          </Button>
        )}
        {actions.includes("review") && (
          <Button data-testid="request-review" disabled={words.trim() === ""} loading={busy} onClick={say("review", { review: words.trim() })}>
            Write the review
          </Button>
        )}
        {actions.includes("withdraw") && (
          <Button variant="default" data-testid="request-withdraw" loading={busy} onClick={say("withdraw")}>
            Withdraw
          </Button>
        )}
      </div>
      {error !== null && (
        <p className={classes.error} role="alert">
          {errorText(error)}
        </p>
      )}
    </>
  );
}

