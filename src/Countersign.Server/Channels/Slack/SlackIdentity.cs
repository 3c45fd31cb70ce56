using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels.Slack;

/// <summary>Whom a Slack user stands for.</summary>
internal abstract record SlackIdentity
{
    private SlackIdentity()
    {
    }

    public sealed record Known(PersonId Person) : SlackIdentity;

    /// <summary>Nobody here: the account may be linked.</summary>
    public sealed record Unlinked : SlackIdentity;

    public sealed record Refused(string Why) : SlackIdentity;
}

/// <summary>
/// Finds the person behind a Slack user, by the ids of workspace and user alone, and asks Slack whether the account is
/// one that may decide. Whatever cannot be found out is a refusal.
/// </summary>
internal sealed class SlackPeople(AccountBook accounts, SlackWorkspace workspace, Func<Charter> charter)
{
    /// <summary>The person, without asking Slack: good enough to open a modal, not to count a vote.</summary>
    public async Task<SlackIdentity> FindAsync(SlackActor actor, CancellationToken cancellationToken)
    {
        var persons = ImmutableHashSet.CreateBuilder<PersonId>();
        foreach (var account in actor.Accounts)
        {
            if (await accounts.FindAsync(account.InChannel, cancellationToken) is { } person)
            {
                persons.Add(person);
            }
        }

        return persons.Count switch
        {
            0 => new SlackIdentity.Unlinked(),
            > 1 => new SlackIdentity.Refused(
                "This Slack account stands for two persons, one by its team and one by its enterprise. An " +
                "administrator has to take one of them out of the configuration."),
            _ => charter().People.Find(persons.First()) is { } known
                ? new SlackIdentity.Known(known.Id)
                : new SlackIdentity.Refused("The person of this Slack account is not registered any more."),
        };
    }

    /// <summary>The person, if the account is one that may decide at this moment.</summary>
    public async Task<SlackIdentity> IdentifyAsync(SlackActor actor, CancellationToken cancellationToken)
    {
        var identity = await FindAsync(actor, cancellationToken);
        return identity is SlackIdentity.Known && await WhyNotAsync(actor, cancellationToken) is { } why
            ? new SlackIdentity.Refused(why)
            : identity;
    }

    /// <summary>Why an account may neither decide nor be linked; <c>null</c> when it may.</summary>
    public async Task<string?> WhyNotAsync(SlackActor actor, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SlackLimits.Question);
        try
        {
            var installation = await workspace.FindInstallationAsync(limit.Token);
            return IsForeign(actor, installation)
                ? "This Slack account belongs to another workspace."
                : await workspace.WhyNotUserAsync(actor.User, installation, limit.Token);
        }
        catch (SlackException unknown)
        {
            return $"Slack did not say whether this account may decide. {unknown.Message} Try again, or decide in " +
                "the console.";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "Slack did not say in time whether this account may decide. Try again, or decide in the console.";
        }
    }

    /// <summary>
    /// The payload's team may be that of the channel's host; where the user's own is told, it has to be ours as well.
    /// </summary>
    private static bool IsForeign(SlackActor actor, SlackInstallation installation)
    {
        var isOurs = actor.Team == installation.Team
            || (installation.Enterprise is { } enterprise && actor.Enterprise == enterprise);
        var isElsewhere = actor.UserTeam is { } team && team != installation.Team
            && (installation.Enterprise is null || actor.Enterprise != installation.Enterprise);
        return !isOurs || isElsewhere;
    }
}
