using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Records;
using Countersign.Core.Redaction;

namespace Countersign.Core.Reviews;

/// <summary>
/// What reviewers see of an action in any channel: secrets, and what its target masks, are replaced by kind, length and
/// a keyed fingerprint. The digest stays that of what will run, and what is hidden is counted, so that a mask can hide
/// a value but not that there is one (THR-048, THR-098).
/// </summary>
public sealed class CardMask(Func<Charter> charter, RedactionKey key)
{
    /// <summary>A target that left the configuration took its rules along: in doubt everything is masked.</summary>
    private readonly TargetRedactor _strictest = new(
        new TargetRedaction(RedactionPlan.Create(new RedactionOptions()), TargetRedaction.None.Fields).ForCards(key));

    /// <summary>Shorter arguments are masked each time; a page with longer ones is drawn again and again.</summary>
    private const int ShortestKept = 4 * 1024;

    private const int MostKept = 64;

    private readonly ConditionalWeakTable<Target, TargetRedactor> _redactors = [];
    private readonly ConcurrentDictionary<Place, ShownAction> _kept = [];

    /// <summary>
    /// Whether a text holds a mask of a card: whoever sends one as an argument would have the mask executed.
    /// </summary>
    public static bool IsIn(CanonicalJson arguments) =>
        arguments.ToString().Contains(Masks.FingerprintMark, StringComparison.Ordinal);

    /// <summary>The action as it is shown, and what is hidden of it.</summary>
    public ShownAction Of(ActionRecord record)
    {
        var redactor = RedactorOf(record.Action.Target);
        if (record.Action.Arguments.Bytes.Length < ShortestKept)
        {
            return new Pass(redactor).Show(record);
        }

        if (_kept.Count > MostKept)
        {
            _kept.Clear();
        }

        var place = new Place(redactor, record.Id, record.Version, record.Outcome is not null);
        return _kept.GetOrAdd(place, _ => new Pass(redactor).Show(record));
    }

    /// <summary>The same of what an action would become: it is recorded nowhere, so nothing of it is kept.</summary>
    public ShownAction OfForeseen(ActionRecord revised) =>
        new Pass(RedactorOf(revised.Action.Target)).Show(revised);

    /// <summary>Whether cards would hide something of a document about a target.</summary>
    public bool Hides(TargetName target, ReadOnlyMemory<byte> json)
    {
        RedactorOf(target).Redact(json, out var report);
        return !report.Counts.IsEmpty;
    }

    private TargetRedactor RedactorOf(TargetName name) => charter().Targets.TryGetValue(name, out var target)
        ? _redactors.GetValue(target, each => new TargetRedactor(each.Redaction.ForCards(key)))
        : _strictest;

    /// <summary>What a shown action depends on; lists read no outcomes.</summary>
    private readonly record struct Place(TargetRedactor By, ActionId Action, long Version, bool HasOutcome);

    /// <summary>One action on its way to its readers.</summary>
    private sealed class Pass(TargetRedactor redactor)
    {
        private RedactionReport _hidden = RedactionReport.Empty;

        public ShownAction Show(ActionRecord record)
        {
            var shown = record with
            {
                Action = record.Action.ShownAs(Text(record.Action.Operation), Json(record.Action.Arguments)),
                Claimed = new Claimed(Optional(record.Claimed.Reason), Optional(record.Claimed.Session)),
                Life = record.Life with
                {
                    Votes = [.. record.Life.Votes.Select(vote => vote with { Comment = Optional(vote.Comment) })],
                },
                Changes = [.. record.Changes.Select(change => change with
                {
                    Comment = Optional(change.Comment),
                    Before = Json(change.Before),
                })],
                Ending = Optional(record.Ending),
            };

            // What was derived from the arguments repeats what they hold; it is masked, and not counted twice.
            var counted = _hidden;
            shown = shown with
            {
                Facts = record.Facts with
                {
                    Members = record.Facts.Members.ToImmutableSortedDictionary(
                        fact => fact.Key, fact => Fact(fact.Value), StringComparer.Ordinal),
                },
                Preview = record.Preview is { } preview ? Shown(preview) : null,
                Nearest = record.Nearest is { } nearest ? Shown(nearest) : null,
                Rehearsals = [.. record.Rehearsals.Select(one => one with { Finding = Shown(one.Finding) })],
                Outcome = record.Outcome is { } outcome ? Shown(outcome) : null,
            };
            return new ShownAction(shown, counted.WithOtherKinds(_hidden));
        }

        private string Text(string text)
        {
            var masked = redactor.Redact(text, out var report);
            _hidden = _hidden.With(report);
            return masked;
        }

        private string? Optional(string? text) => text is null ? null : Text(text);

        private ImmutableArray<string> Texts(ImmutableArray<string> texts) => [.. texts.Select(Text)];

        private ReadOnlyMemory<byte> Bytes(ReadOnlyMemory<byte> json)
        {
            var masked = redactor.Redact(json, out var report);
            _hidden = _hidden.With(report);
            return masked;
        }

        private CanonicalJson Json(CanonicalJson json)
        {
            var masked = Bytes(json.Bytes);
            return masked.Equals(json.Bytes) ? json
                : CanonicalJson.TryCanonicalize(masked.Span, JsonLimits.Unbounded, out var canonical, out _) ? canonical
                // Two names that are alike under their masks, or a document that is only text to the masks.
                : CanonicalJson.Of($"{json.Bytes.Length} bytes that cannot be shown with what is hidden in them");
        }

        private object Fact(object value) => value switch
        {
            string text => Text(text),
            ImmutableArray<string> texts => Texts(texts),
            JsonElement json => Element(json),
            _ => value,
        };

        private JsonElement Element(JsonElement json)
        {
            var masked = Bytes(Encoding.UTF8.GetBytes(json.GetRawText()));
            using var document = JsonDocument.Parse(masked, new JsonDocumentOptions { MaxDepth = int.MaxValue });
            return document.RootElement.Clone();
        }

        private Preview Shown(Preview preview) => preview with
        {
            Summary = Text(preview.Summary),
            Statement = Optional(preview.Statement),
            Parameters = Texts(preview.Parameters),
            Cascades = preview.Cascades is { } cascades
                ? [.. cascades.Select(cascade => cascade with { Relation = Text(cascade.Relation) })]
                : null,
            Locks = Texts(preview.Locks),
            Effects = Texts(preview.Effects),
            Error = Optional(preview.Error),
        };

        private AllowedForm Shown(AllowedForm nearest) => nearest with
        {
            Arguments = nearest.Arguments is { } arguments ? Json(arguments) : null,
            Change = Optional(nearest.Change),
            Operations = Texts(nearest.Operations),
        };

        private RehearsalFinding Shown(RehearsalFinding finding) => finding with
        {
            Commands = Texts(finding.Commands),
            Error = Optional(finding.Error),
            Warnings = Texts(finding.Warnings),
        };

        private Outcome Shown(Outcome outcome) => outcome with
        {
            Result = outcome.Result is { } result ? (ReadOnlyMemory<byte>?)Bytes(result) : null,
            Error = Optional(outcome.Error),
        };
    }
}

/// <summary>An action as people see it.</summary>
/// <param name="Record">The action, masked; its digest is that of what will run. Nothing may ever run from it.</param>
/// <param name="Hidden">How many values of which kind are hidden in it.</param>
public sealed record ShownAction(ActionRecord Record, RedactionReport Hidden)
{
    public bool HidesSomething => !Hidden.Counts.IsEmpty;

    /// <summary>A sentence for the card, <c>2 values are hidden: 1 card, 1 email</c>; empty when none is.</summary>
    public string Sentence => Hidden.Total switch
    {
        0 => "",
        1 => $"1 value is hidden: {Hidden}.",
        var total => $"{total} values are hidden: {Hidden}.",
    };
}
