using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Console;

/// <summary>What is kept of one waiting review to find it by: its place, whom it asks, what its row says.</summary>
internal sealed record PendingReview(DeadlinePlace Place, PendingKind Kind, string Text)
{
    /// <summary>Characters that are searched; a row shows hardly more.</summary>
    private const int MaxText = 400;

    public ActionId Id => Place.Id;

    /// <summary>What a reader sees of it in a list, in small letters.</summary>
    public static string TextOf(ActionRecord shown)
    {
        string[] said =
        [
            shown.Environment,
            Card.Of(shown).Headline,
            GlimpseView.Of(shown).Text,
            .. shown.Verdict.Rules.Select(rule => rule.Reason),
            $"asked by {shown.Asker.Agent}",
        ];
        var text = string.Join(' ', said.Select(Words.OneLine)).ToLowerInvariant();
        return text.Length <= MaxText ? text : text[..MaxText];
    }
}

/// <summary>
/// What decides who may see and decide a review. Many reviews share one, so that a reader's rights are worked out once
/// for each kind and not for each review.
/// </summary>
internal sealed class PendingKind(ActionRecord like)
{
    /// <summary>A record of this kind without what was asked.</summary>
    public ActionRecord Like { get; } = like with
    {
        Action = CanonicalAction.Of(like.Action.Target, like.Action.Operation, Nothing),
        Facts = Facts.None,
        Claimed = Claimed.Nothing,
        Preview = null,
        Changes = [],
        Rehearsals = [],
    };

    private static CanonicalJson Nothing { get; } =
        new CanonicalObject().ToCanonicalJson();

    /// <summary>Equal for reviews of one kind.</summary>
    public static string KeyOf(ActionRecord record)
    {
        var tracks = record.Life.Tracks.Select(track => string.Join('|',
            track.Requirement.Rule,
            track.Requirement.Assurance,
            string.Join(',', track.Requirement.DistinctFrom.Order()),
            track.Requirement.ReciprocalWithin,
            string.Join(';', track.Requirement.Stages.Select(stage =>
                $"{stage.Need} {string.Join(',', stage.Of)} {string.Join(',', stage.Escalate)}")),
            track.Stage,
            track.Escalated,
            track.EscalatedStages));
        var votes = record.Life.Votes.Select(vote =>
            $"{vote.Person} {vote.Decision} {vote.Assurance} {vote.Returns?.At.UtcTicks}");
        var modifiers = record.Life.Modifiers.Select(person => person.Value).Order(StringComparer.Ordinal);
        return string.Join('\n',
        [
            record.Asker.Agent.Value,
            record.Asker.OnBehalfOf?.Value ?? "",
            record.Action.Target.Value,
            string.Join(',', modifiers),
            .. votes,
            .. tracks,
        ]);
    }
}

/// <summary>Every waiting review that a node knows of, what a deadline reaches first on top.</summary>
/// <param name="Reviews">In their order.</param>
/// <param name="IsWhole">Whether there are no more than are kept.</param>
internal sealed record PendingList(ImmutableArray<PendingReview> Reviews, bool IsWhole)
{
    public IEnumerable<PendingKind> Kinds => Reviews.Select(review => review.Kind).Distinct();
}
