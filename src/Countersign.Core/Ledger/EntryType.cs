namespace Countersign.Core.Ledger;

/// <summary>What an entry records. The default value is none of them.</summary>
public enum EntryType
{
    ActionRequested = 1,
    ActionExecuted,
    ActionRefused,
    ActionWithdrawn,
    ReviewOpened,
    ReviewVote,
    ReviewModified,
    ReviewDecided,
    ReviewExpired,
    ExecutionIntent,
    ExecutionOutcome,
    RecordingWindow,
    RecordingGap,
    PolicyChanged,
    PersonChanged,
    AgentChanged,
    AgentStopped,
    DefinitionAccepted,
    CredentialEnrolled,
    CredentialRevoked,
    KeyRotated,
    BreakGlassUsed,
    ExportIssued,
    ErasureExecuted,
    AnchorPublished,
}

/// <summary>The spelling of entry types in leaves and in the API.</summary>
public static class EntryTypes
{
    private static readonly Dictionary<EntryType, string> Names = new()
    {
        [EntryType.ActionRequested] = "action.requested",
        [EntryType.ActionExecuted] = "action.executed",
        [EntryType.ActionRefused] = "action.refused",
        [EntryType.ActionWithdrawn] = "action.withdrawn",
        [EntryType.ReviewOpened] = "review.opened",
        [EntryType.ReviewVote] = "review.vote",
        [EntryType.ReviewModified] = "review.modified",
        [EntryType.ReviewDecided] = "review.decided",
        [EntryType.ReviewExpired] = "review.expired",
        [EntryType.ExecutionIntent] = "execution.intent",
        [EntryType.ExecutionOutcome] = "execution.outcome",
        [EntryType.RecordingWindow] = "recording.window",
        [EntryType.RecordingGap] = "recording.gap",
        [EntryType.PolicyChanged] = "policy.changed",
        [EntryType.PersonChanged] = "person.changed",
        [EntryType.AgentChanged] = "agent.changed",
        [EntryType.AgentStopped] = "agent.stopped",
        [EntryType.DefinitionAccepted] = "definition.accepted",
        [EntryType.CredentialEnrolled] = "credential.enrolled",
        [EntryType.CredentialRevoked] = "credential.revoked",
        [EntryType.KeyRotated] = "key.rotated",
        [EntryType.BreakGlassUsed] = "break-glass.used",
        [EntryType.ExportIssued] = "export.issued",
        [EntryType.ErasureExecuted] = "erasure.executed",
        [EntryType.AnchorPublished] = "anchor.published",
    };

    private static readonly Dictionary<string, EntryType> Types =
        Names.ToDictionary(static pair => pair.Value, static pair => pair.Key, StringComparer.Ordinal);

    private static readonly Dictionary<string, EntryType>.AlternateLookup<ReadOnlySpan<char>> ByText =
        Types.GetAlternateLookup<ReadOnlySpan<char>>();

    public static string ToText(this EntryType type) => Names.TryGetValue(type, out var name)
        ? name
        : throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such entry type.");

    public static bool TryParse(string text, out EntryType type) => Types.TryGetValue(text, out type);

    public static bool TryParse(ReadOnlySpan<char> text, out EntryType type) => ByText.TryGetValue(text, out type);
}
