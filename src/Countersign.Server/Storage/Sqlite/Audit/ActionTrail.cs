using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;

namespace Countersign.Server.Storage.Sqlite.Audit;

/// <summary>
/// What the entries of one action make of it: the state its row has to be in, and the entries the row has to name. It
/// follows the lifecycle with what entries tell; where only payloads tell and they are closed, several states fit.
/// </summary>
internal sealed class ActionTrail
{
    private static readonly ActionState[] Outcomes =
        [ActionState.Succeeded, ActionState.Failed, ActionState.Unknown];

    /// <summary>What a grant is without terms of its own (DESIGN section 2.3).</summary>
    private static readonly (long Uses, long Seconds) DefaultTerms = (1, 600);

    private readonly List<KnownEntry> _entries = [];
    private long _usesLeft;

    public IReadOnlyList<KnownEntry> Entries => _entries;

    public KnownEntry First => _entries[0];

    public KnownEntry? Request { get; private set; }

    public KnownEntry? Intent { get; private set; }

    public KnownEntry? Outcome { get; private set; }

    public KnownEntry? Ending { get; private set; }

    /// <summary>The entry that made the approval, or allowed the request.</summary>
    public KnownEntry? Granting { get; private set; }

    /// <summary>The entry of one person's approval in an emergency, which has terms of its own.</summary>
    public KnownEntry? Glass { get; private set; }

    public int Revision { get; private set; }

    /// <summary>The states that fit.</summary>
    public IReadOnlyList<ActionState> States { get; private set; } = [];

    /// <summary>The latest outcome's state; <c>null</c> without one, and while its payload is closed.</summary>
    public string? LastOutcome { get; private set; }

    /// <summary>Uses that are left of the grant; <c>null</c> while payloads are closed.</summary>
    public long? UsesLeft => Request?.Payload is null || Granting is null ? null : _usesLeft;

    /// <summary>Until when the grant is good, in ticks; <c>null</c> while the payload that says so is closed.</summary>
    public long? Until => Glass is { } glass
        ? glass.Payload is { } payload ? payload.GetProperty("until").GetDateTimeOffset().UtcTicks : null
        : Granting?.Ticks + TimeSpan.FromSeconds(TermsOf(Request).Seconds).Ticks;

    /// <summary>How often it was claimed: each claim has a fence of its own.</summary>
    public long? Fence { get; private set; }

    /// <summary>
    /// Whether it may be without a row: reads that are recorded together have none, and only the payload tells.
    /// </summary>
    public bool MayLackRow => _entries is [{ Leaf.Type: EntryType.ActionExecuted } only]
        && (only.Payload is null || only.Has("reads"));

    public void Add(KnownEntry entry)
    {
        _entries.Add(entry);
        Revision = Math.Max(Revision, entry.Leaf.Subject!.Value.Number);
        switch (entry.Leaf.Type)
        {
            case EntryType.ActionRequested:
                Begin(entry, ActionState.Approved);
                Grant(entry);
                break;
            case EntryType.ReviewOpened when States is [ActionState.Approved] && _entries.Count == 2:
                (States, Granting) = ([ActionState.Pending], null);
                break;
            case EntryType.ActionRefused:
                Begin(entry, ActionState.Refused);
                break;
            case EntryType.ActionExecuted:
                Begin(entry, Outcomes);
                BeginExecuted(entry);
                break;
            case EntryType.ReviewModified:
                Begin(entry, ActionState.Pending);
                break;
            case EntryType.BreakGlassUsed:
                Glass = entry;
                break;
            case EntryType.ReviewDecided:
                Ending = entry;
                Decide(entry);
                break;
            case EntryType.ReviewExpired:
            case EntryType.ActionWithdrawn:
                Ending = entry;
                GiveUp(entry.Leaf.Type);
                break;
            case EntryType.ExecutionIntent:
                Claim(entry);
                break;
            case EntryType.ExecutionOutcome:
                End(entry);
                break;
            default:
                // Votes, dry runs, reveals and what an execution of the gateway itself recorded move nothing.
                break;
        }
    }

    /// <summary>The stop of its agent ended it; that entry is about the agent.</summary>
    public void StoppedBy(KnownEntry stop)
    {
        Ending = stop;
        GiveUp(EntryType.AgentStopped);
    }

    private void Begin(KnownEntry entry, params ActionState[] states) => (Request, States) = (entry, states);

    private void Grant(KnownEntry entry)
    {
        Granting = entry;
        _usesLeft = Glass is null ? TermsOf(Request).Uses : 1;
    }

    private void BeginExecuted(KnownEntry entry)
    {
        Grant(entry);
        _usesLeft--;
        if (entry.Payload is { } payload && payload.TryGetProperty("outcome", out var outcome))
        {
            LastOutcome = outcome.GetProperty("state").GetString();
            Fence = outcome.GetProperty("fence").GetInt64();
            States = [StateOf(LastOutcome!)];
        }
    }

    private void Decide(KnownEntry entry)
    {
        var state = entry.Text("state");
        States = state is null ? [ActionState.Approved, ActionState.Denied] : [StateOf(state)];
        if (States.Contains(ActionState.Approved))
        {
            Grant(entry);
        }
    }

    /// <summary>What ran once stays what it was; the rest ended as the entry says.</summary>
    private void GiveUp(EntryType type) => States = 0 switch
    {
        _ when Outcome is not null => OutcomesOf(LastOutcome),
        _ when type == EntryType.ReviewExpired => [ActionState.Expired],
        _ when type == EntryType.AgentStopped => [ActionState.Withdrawn],
        _ => [ActionState.Withdrawn, ActionState.Superseded],
    };

    private void Claim(KnownEntry entry)
    {
        States = [ActionState.Executing];
        if (entry.Number("fence") is { } fence && fence != Fence)
        {
            Fence = fence;
            _usesLeft--;
        }

        Intent = entry;
    }

    private void End(KnownEntry entry)
    {
        Outcome = entry;
        LastOutcome = entry.Text("state");
        var ended = OutcomesOf(LastOutcome);
        // With uses left the approval may go on, unless its time was over: that is the row's to say.
        States = entry.Payload is null || (_usesLeft > 0 && LastOutcome != "unknown")
            ? [.. ended, ActionState.Approved]
            : ended;
    }

    /// <summary>The uses and the time of a grant: over several requirements the least (DESIGN section 2.3).</summary>
    public static (long Uses, long Seconds) TermsOf(KnownEntry? request)
    {
        if (request?.Payload is null)
        {
            return DefaultTerms;
        }

        var terms = GrantTermsOf(request).ToList();
        return terms.Count == 0 ? DefaultTerms : (terms.Min(term => term.Uses), terms.Min(term => term.Seconds));
    }

    private static IEnumerable<(long Uses, long Seconds)> GrantTermsOf(KnownEntry? request) =>
        request?.Payload is { } payload && payload.TryGetProperty("verdict", out var verdict)
            ? verdict.GetProperty("requirements").EnumerateArray()
                .Select(requirement => requirement.GetProperty("grant"))
                .Select(grant => (grant.GetProperty("uses").GetInt64(), grant.GetProperty("seconds").GetInt64()))
            : [];

    private static ActionState[] OutcomesOf(string? state) => state is null ? Outcomes : [StateOf(state)];

    private static ActionState StateOf(string state) => Enum.Parse<ActionState>(state, ignoreCase: true);
}
