using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Gates.Access;

/// <summary>
/// What an open review would ask for with other arguments: the same agent, the same operation on the same target, and
/// facts and preview as the target's gate finds them.
/// </summary>
internal sealed class RevisionReader(Func<Charter> charter, CompleteAsking complete)
{
    /// <summary>What a gate adds to a statement by itself.</summary>
    private const string Settings = "settings";

    /// <summary>The request, or why there can be none.</summary>
    public Task<(Asking? Asking, Problem? Problem)> ReadAsync(
        ActionRecord record, CanonicalJson arguments, CancellationToken cancellationToken)
    {
        if (!charter().Targets.TryGetValue(record.Action.Target, out var target))
        {
            return Not(new Problem(
                404, "unknown-target", $"Target '{record.Action.Target}' is not in the configuration any more."));
        }

        if (arguments.Bytes.Span[0] != (byte)'{')
        {
            return Not(RequestBody.Malformed("'arguments' is an object."));
        }

        if (CardMask.IsIn(arguments))
        {
            return Not(RequestBody.Malformed(
                "The arguments hold a mask of the card, which would run as it is. Write the value itself; the " +
                "console reveals it to reviewers."));
        }

        var asked = arguments;
        if (target.Gate == GateKind.Postgres)
        {
            if (record.Action.Arguments.TryGetMember(Settings, out var _))
            {
                return Not(new Problem(
                    409,
                    "not-modifiable",
                    "The agent's session has settings of its own, under which another statement may mean something " +
                    "else. Deny it, and say in the comment what to send instead."));
            }

            asked = StatementIn(arguments);
        }

        if (target.Gate == GateKind.Http)
        {
            asked = BodyIn(record.Action.Arguments, arguments);
        }

        var action = CanonicalAction.Of(record.Action.Target, record.Action.Operation, asked);
        return complete(
            new Asking(record.Asker, target, record.Via, action)
            {
                // The operation is the same, and so is what a gate other than PostgreSQL's knows of it.
                Facts = record.Facts,
                Claimed = record.Claimed,
                CallerNote = record.CallerNote,
            },
            cancellationToken);
    }

    /// <summary>Definitions that the old statement depends on are the gate's to find again for the new one.</summary>
    private static CanonicalJson StatementIn(CanonicalJson arguments)
    {
        var statement = new CanonicalObject();
        foreach (var name in (string[])["text", "parameters", "types"])
        {
            if (arguments.TryGetMember(name, out var value))
            {
                statement.Add(name, value);
            }
        }

        return statement.ToCanonicalJson();
    }

    /// <summary>A body that people wrote anew is sent as they wrote it, and not in the agent's spelling.</summary>
    private static CanonicalJson BodyIn(CanonicalJson before, CanonicalJson arguments)
    {
        var changed = new CanonicalObject();
        var isNew = arguments.TryGetMember("body", out var body)
            && !(before.TryGetMember("body", out var old) && old.Bytes.Span.SequenceEqual(body.Bytes.Span));
        foreach (var (name, value) in arguments.Members())
        {
            var isOldSpelling = isNew && name is "body_text" or "body_base64"
                && before.TryGetMember(name, out var spelling) && spelling.Bytes.Span.SequenceEqual(value.Bytes.Span);
            if (!isOldSpelling)
            {
                changed.Add(name, value);
            }
        }

        return changed.ToCanonicalJson();
    }

    private static Task<(Asking? Asking, Problem? Problem)> Not(Problem problem) =>
        Task.FromResult<(Asking?, Problem?)>((null, problem));
}
