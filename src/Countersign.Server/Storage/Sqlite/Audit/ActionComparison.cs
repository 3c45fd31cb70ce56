using System.Globalization;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Reviews;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>Compares the row of one action, and its grant, with what its entries make of it.</summary>
internal sealed class ActionComparison(ActionTrail trail, ActionFacts row, Findings findings)
{
    /// <summary>How long after somebody acted the entry that says so may be committed.</summary>
    private static readonly long CommitTicks = TimeSpan.FromMinutes(5).Ticks;

    public void Run()
    {
        ComparePointers();
        CompareState();
        CompareTimes();
        CompareGrant();
        if (trail.Request?.Payload is { } request)
        {
            CompareRequest(request);
        }

        if (trail.Fence is { } fence)
        {
            Expect("fence", row.Fence, fence);
        }

        CompareExecution();
    }

    private void ComparePointers()
    {
        Expect("revision", row.Revision, trail.Revision);
        Expect("request_entry", row.RequestEntry, trail.Request?.Index);
        Expect("intent_entry", row.IntentEntry, trail.Intent?.Index);
        Expect("outcome_entry", row.OutcomeEntry, trail.Outcome?.Index);
        Expect("ending_entry", row.EndingEntry, trail.Ending?.Index);
        Expect("last_entry", row.LastEntry, Math.Max(trail.Entries[^1].Index, trail.Ending?.Index ?? 0));
    }

    private void CompareState()
    {
        findings.Expect(
            trail.States.Any(state => state.ToText() == row.State),
            $"Action {row.Id} has the state '{row.State}', and its entries make it " +
            $"{string.Join(" or ", trail.States.Select(state => $"'{state.ToText()}'"))}.");
        var isExecuting = row.State == ActionState.Executing.ToText();
        var isOpen = row.State == ActionState.Pending.ToText() || row.State == ActionState.Approved.ToText();
        Expect("holds_key", row.HoldsKey, isOpen || (isExecuting && row.UsesLeft > 0));
        var hasOutcome = trail.Outcome is not null || trail.First.Leaf.Type == EntryType.ActionExecuted;
        if (trail.LastOutcome is { } outcome)
        {
            Expect("last_outcome", row.LastOutcome, outcome);
        }
        else
        {
            Expect("last_outcome (is null)", row.LastOutcome is null, !hasOutcome);
        }
    }

    /// <summary>A request is recorded after its id was made, and not much later.</summary>
    private void CompareTimes()
    {
        var recorded = trail.First.Ticks;
        findings.Expect(
            row.CreatedAt <= recorded && row.CreatedAt >= ActionTimes.Of(row.Id).Ticks - TimeSpan.TicksPerSecond,
            $"Action {row.Id} says that it was asked at {Spell(row.CreatedAt)}; its id and its first entry say " +
            $"{Spell(ActionTimes.Of(row.Id).Ticks)} to {Spell(recorded)}.");
    }

    private void CompareGrant()
    {
        if (row.UsesLeft is not { } left || row.ExpiresAt is not { } expires)
        {
            var mustHaveOne = row.State == ActionState.Approved.ToText() || row.State == ActionState.Executing.ToText();
            findings.Expect(!mustHaveOne, $"Action {row.Id} is {row.State} and has no grant.");
            findings.Expect(
                trail.UsesLeft is null,
                $"Action {row.Id} was granted by entry {trail.Granting?.Index}, and its grant is gone.");
            return;
        }

        if (trail.Granting is not { } granting)
        {
            findings.Add($"Action {row.Id} has a grant, and no entry gives it one.");
            return;
        }

        if (trail is { UsesLeft: { } uses, Until: { } latest })
        {
            Expect("uses_left", left, uses);
            // What needs nobody is granted when it is asked for, and may be recorded once it is over.
            var earliest = granting == trail.Request
                ? row.CreatedAt + (latest - granting.Ticks)
                : latest - CommitTicks;
            findings.Expect(
                expires <= latest && expires >= earliest,
                $"Action {row.Id} has a grant until {Spell(expires)}; entry {granting.Index} gave it until " +
                $"{Spell(latest)}.");
        }
    }

    private void CompareRequest(JsonElement request)
    {
        Expect("target", row.Target, request.GetProperty("target").GetString());
        Expect("gate", row.Gate, request.GetProperty("gate").GetString());
        Expect("via", row.Via, request.GetProperty("via").GetString());
        Expect("agent", row.Agent, request.GetProperty("agent").GetString());
        Expect("digest", row.Digest, request.GetProperty("digest").GetString());
        var verdict = request.GetProperty("verdict");
        Expect("policy", row.Policy, verdict.GetProperty("policy").GetString());
        Expect("tracks", CountOf(row.Tracks), verdict.GetProperty("requirements").GetArrayLength());
        // The digest and the key are functions of what was asked, so that the arguments are what the row was made of.
        if (ActionOf(request) is not { } action)
        {
            findings.Add($"The arguments of action {row.Id} are not canonical.");
            return;
        }

        Expect("digest of its arguments", row.Digest, action.Digest.Value);
        CompareKey(trail.First.Payload ?? request);
    }

    /// <summary>The same call attaches to what became of it, so the key is that of what was asked first.</summary>
    private void CompareKey(JsonElement first)
    {
        if (row.IdempotencyHash is null && row.State != ActionState.Superseded.ToText()
            && ActionOf(first) is { } asked)
        {
            var asker = new Asker(
                new AgentId(first.GetProperty("agent").GetString()!),
                first.GetProperty("on_behalf_of").GetString() is { } person ? new PersonId(person) : null);
            Expect("attach_key", row.AttachKey, AttachKey.Of(asker, asked, idempotencyKey: null).Value);
        }
    }

    private void CompareExecution()
    {
        if (row.State != ActionState.Executing.ToText())
        {
            Expect("owner (is null)", row.Owner is null && row.OwnerFence is null && row.StartedAt is null, true);
            return;
        }

        Expect("owner_fence", row.OwnerFence, row.Fence);
        if (trail.Intent is { Payload: not null } intent)
        {
            Expect("owner", row.Owner, intent.Text("owner"));
        }
    }

    private static CanonicalAction? ActionOf(JsonElement request) =>
        CanonicalJson.TryCanonicalize(
            System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(request.GetProperty("arguments")).ToArray(),
            JsonLimits.Unbounded,
            out var arguments,
            out var _)
            ? CanonicalAction.Of(
                new TargetName(request.GetProperty("target").GetString()!),
                request.GetProperty("operation").GetString()!,
                arguments)
            : null;

    private static int CountOf(string tracks)
    {
        try
        {
            return JsonElement.Parse(tracks).GetArrayLength();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return -1;
        }
    }

    private void Expect<T>(string column, T found, T expected)
    {
        if (!EqualityComparer<T>.Default.Equals(found, expected))
        {
            findings.Add($"The row of action {row.Id} has {column} {Spell(found)}, and its entries make it " +
                $"{Spell(expected)}.");
        }
    }

    private static string Spell<T>(T value) => value is null ? "nothing" : $"'{value}'";

    private static string Spell(long ticks) => ticks is < 0 or > 3_155_378_975_999_999_999
        ? "no time at all"
        : new DateTime(ticks, DateTimeKind.Utc).ToString("u", CultureInfo.InvariantCulture);
}

/// <summary>The time in an action's id: 48 bits of milliseconds (see <see cref="ActionId"/>).</summary>
internal static class ActionTimes
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int BitsOfTime = 48;
    private const int BitsPerLetter = 5;

    public static DateTime Of(string id)
    {
        UInt128 bits = 0;
        foreach (var letter in id.Skip(ActionId.Prefix.Length))
        {
            bits = (bits << BitsPerLetter) | (UInt128)Math.Max(0, Alphabet.IndexOf(letter, StringComparison.Ordinal));
        }

        var milliseconds = (double)(ulong)(bits >> (128 - BitsOfTime));
        return milliseconds > 253_402_300_799_999
            ? DateTime.MaxValue
            : DateTime.UnixEpoch.AddMilliseconds(milliseconds);
    }
}
