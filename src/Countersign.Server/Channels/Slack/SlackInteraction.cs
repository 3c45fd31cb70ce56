using System.Collections.Immutable;

namespace Countersign.Server.Channels.Slack;

/// <summary>What a person did in Slack, as far as the payload says; nothing of it is an authority.</summary>
internal abstract record SlackInteraction
{
    private SlackInteraction()
    {
    }

    /// <summary>A button was pressed.</summary>
    /// <param name="Actor">By whom.</param>
    /// <param name="Verb">The button's <c>action_id</c>.</param>
    /// <param name="Value">What the button carried.</param>
    /// <param name="Trigger">Opens one modal within three seconds.</param>
    /// <param name="Channel">Where it was pressed.</param>
    /// <param name="ReplyTo">Where an answer for this person only goes; <c>null</c> when none can be trusted.</param>
    public sealed record Pressed(
        SlackActor Actor, string Verb, string Value, string? Trigger, string? Channel, Uri? ReplyTo) : SlackInteraction;

    /// <summary>A modal was sent.</summary>
    /// <param name="Actor">By whom.</param>
    /// <param name="Callback">Which modal.</param>
    /// <param name="Note">What we put into it when it was opened.</param>
    /// <param name="Inputs">What was written, by block id.</param>
    public sealed record Submitted(
        SlackActor Actor, string Callback, string Note, ImmutableDictionary<string, string> Inputs) : SlackInteraction;

    /// <summary>Something else that needs no answer, such as a modal that was closed.</summary>
    public sealed record Other : SlackInteraction;
}

/// <summary>Who acts: the workspace of the payload, and the user with the team of their own where it is told.</summary>
internal sealed record SlackActor(string User, string? Team, string? Enterprise, string? UserTeam)
{
    /// <summary>The keys under which this user may be known.</summary>
    public ImmutableArray<SlackAccount> Accounts =>
        [.. new[] { SlackAccount.TryOf(Enterprise, User), SlackAccount.TryOf(UserTeam ?? Team, User) }
            .OfType<SlackAccount>()];
}
