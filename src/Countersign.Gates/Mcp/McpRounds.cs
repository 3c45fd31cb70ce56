using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// What a repeated call of 2026-07-28 goes on with: a wait of ours, or input for the target's tool. Neither lets a call
/// pass by the gatekeeper. The tool's input is part of the action, so people approve it like the arguments.
/// </summary>
internal sealed class McpRounds(McpGateOptions options, SealedBox box)
{
    /// <summary>The member of an action's arguments that holds the input of the round.</summary>
    public const string InputArgument = Definition.InputArgument;

    /// <summary>Clients give up at the eleventh answer that asks for another round (reference section 3.1).</summary>
    private const int MaxRounds = 9;

    private const string Prefix = "cs1.";

    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(15);

    /// <summary>Reads what the call goes on with; the problem is text for whoever sent it.</summary>
    public async Task<(Round Round, string? Problem)> ReadAsync(
        McpSession session, Exchange exchange, CancellationToken cancellationToken)
    {
        var call = exchange.Request.Arguments;
        if (call.FindObject("arguments")?.Members.Any(IsInput) == true)
        {
            return (Round.First, $"No argument may be called '{InputArgument}'.");
        }

        if (exchange.Caller is null)
        {
            return (Round.First, null);
        }

        var (state, responses) = (call.Find("requestState"), call.Find("inputResponses"));
        if (state is { } given && RawObject.TextOf(given) is { } text
            && text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return await ResumeAsync(session, text, cancellationToken) is { } round
                ? (round, null)
                : (Round.First, "This requestState is none of yours, or its time is over. Call again without it.");
        }

        return state is null && responses is null
            ? (Round.First, null)
            : (new Round(null, InputOf(state, responses), null), null);
    }

    /// <summary>Asks the client for another round; <c>null</c> when it had as many as clients take.</summary>
    public byte[]? Ask(McpSession session, Round round, ActionRecord pending)
    {
        var number = (round.Wait?.Round ?? 0) + 1;
        if (number > MaxRounds)
        {
            return null;
        }

        var now = options.Time.GetUtcNow();
        var until = pending.Life.ExpiresAt is { } at && at > now ? at : now;
        var state = new WaitState(
            session.Asker, pending.Id, pending.Action.Digest.Value, number, until + s_grace)
        {
            Target = session.Ticket.Target,
        };
        return Rpc.Object(json =>
        {
            json.WriteString("resultType", "input_required");
            json.WriteString("requestState", Prefix + box.Seal(state.ToBytes()));
        });
    }

    /// <summary>What a client answers, and the server's own state, as the argument that holds them.</summary>
    public static byte[] InputOf(ReadOnlyMemory<byte>? state, ReadOnlyMemory<byte>? responses) => Rpc.Object(json =>
    {
        Rpc.WriteRaw(json, "inputResponses", responses);
        Rpc.WriteRaw(json, "requestState", state);
    });

    private async Task<Round?> ResumeAsync(McpSession session, string text, CancellationToken cancellationToken)
    {
        if (box.Open(text[Prefix.Length..]) is not { } plain
            || WaitState.Read(plain) is var wait
            && (wait.Asker != session.Asker
                || wait.Target != session.Ticket.Target
                || wait.Expires < options.Time.GetUtcNow()))
        {
            return null;
        }

        if (await options.Gatekeeper.FindAsync(wait.Action, cancellationToken) is not { } record
            || record.Asker != session.Asker
            || record.Action.Digest.Value != wait.Digest)
        {
            return null;
        }

        var input = RawObject.TryRead(record.Action.Arguments.Bytes, out var arguments)
            ? arguments.Find(InputArgument)
            : null;
        return new Round(wait, input, IsOver(record) ? record : null);
    }

    /// <summary>
    /// A wait whose action ended answers with that end and asks for nothing new. An outcome that nobody got goes
    /// through the gatekeeper, which hands it to one caller only; what was overtaken is judged anew.
    /// </summary>
    private static bool IsOver(ActionRecord record) =>
        record.State.HasEnded()
        && record.State != ActionState.Superseded
        && (record.Life.LastOutcome is null || record.Life.Delivered);

    private static bool IsInput(KeyValuePair<string, ReadOnlyMemory<byte>> member) =>
        member.Key.Equals(InputArgument, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// One round of a call: the wait it goes on with, the input for the tool, and the action if that ended meanwhile.
/// </summary>
internal sealed record Round(WaitState? Wait, ReadOnlyMemory<byte>? Input, ActionRecord? Over)
{
    public static Round First { get; } = new(null, null, null);
}
