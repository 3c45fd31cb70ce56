using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Rosters;

/// <summary>
/// What the entries of a change say: from which roster to which, how, by whom, and what was added and removed. The
/// first of them holds the whole roster, the other one only its part.
/// </summary>
internal sealed record RosterPayload(string? From, string To, string How, ImmutableArray<string> By)
{
    /// <summary>The first roster of a store: taken from the configuration.</summary>
    public const string First = "first";

    /// <summary>Rights that were taken out of the configuration.</summary>
    public const string TakenAway = "taken-away";

    /// <summary>A changed configuration that took effect at once, as <c>changes: immediate</c> says.</summary>
    public const string Immediate = "immediate";

    /// <summary>A changed configuration that people approved.</summary>
    public const string Approved = "approved";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public ImmutableArray<string> Added { get; init; } = [];

    public ImmutableArray<string> Removed { get; init; } = [];

    /// <summary>All of it; <c>null</c> in the second entry of a change.</summary>
    public ImmutableArray<string>? Roster { get; init; }

    /// <summary>The entries of a change: about people, about agents, or one of each.</summary>
    public static ImmutableArray<EntryDraft> EntriesOf(
        Roster? before, Roster after, string how, ImmutableArray<PersonId> by)
    {
        var added = before is null ? [] : after.Except(before);
        var removed = before?.Except(after) ?? [];
        var changed = added.Concat(removed).ToList();
        bool[] kinds = before is null || !changed.Exists(line => line.IsOfAgent)
            ? [false]
            : changed.Exists(line => !line.IsOfAgent) ? [false, true] : [true];
        return
        [
            .. kinds.Select((isOfAgent, i) => new EntryDraft(
                isOfAgent ? EntryType.AgentChanged : EntryType.PersonChanged,
                Action: null,
                Revision: 0,
                JsonSerializer.SerializeToUtf8Bytes(
                    new RosterPayload(
                        before?.Hash.Value, after.Hash.Value, how, [.. by.Select(person => person.Value)])
                    {
                        Added = TextOf(added, isOfAgent),
                        Removed = TextOf(removed, isOfAgent),
                        Roster = i == 0 ? TextOf(after.Lines) : null,
                    },
                    Options))),
        ];
    }

    /// <summary>The roster of a payload; <c>null</c> when it holds none, or not that one.</summary>
    public static Roster? Read(ReadOnlySpan<byte> payload, RosterHash expected)
    {
        var read = JsonSerializer.Deserialize<RosterPayload>(payload, Options);
        var lines = read?.Roster is { } texts ? Parse(texts) : null;
        return lines is not null && new Roster(lines) is { } roster && roster.Hash == expected ? roster : null;
    }

    /// <summary>Lines from their text; <c>null</c> when one of them is none.</summary>
    public static ImmutableArray<RosterLine>? Parse(IEnumerable<string> texts)
    {
        var lines = ImmutableArray.CreateBuilder<RosterLine>();
        foreach (var text in texts)
        {
            if (!RosterLine.TryParse(text, out var line))
            {
                return null;
            }

            lines.Add(line);
        }

        return lines.ToImmutable();
    }

    private static ImmutableArray<string> TextOf(IEnumerable<RosterLine> lines, bool isOfAgent) =>
        TextOf(lines.Where(line => line.IsOfAgent == isOfAgent));

    private static ImmutableArray<string> TextOf(IEnumerable<RosterLine> lines) =>
        [.. lines.Select(line => line.ToString())];
}
