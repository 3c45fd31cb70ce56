using Countersign.Core;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels.Teams;

/// <summary>Whom a Teams user stands for.</summary>
internal abstract record TeamsIdentity
{
    private TeamsIdentity()
    {
    }

    public sealed record Known(PersonId Person) : TeamsIdentity;

    /// <summary>Nobody here: the account may be linked.</summary>
    public sealed record Unlinked : TeamsIdentity;

    public sealed record Refused(string Why) : TeamsIdentity;
}

/// <summary>
/// Finds the person behind a Teams user, by tenant and object id alone, and asks Teams whether the account is one that
/// may decide. Whatever cannot be found out is a refusal.
/// </summary>
internal sealed class TeamsPeople(
    TeamsOptions options, AccountBook accounts, TeamsRoster roster, Func<Charter> charter)
{
    /// <summary>The person, without asking Teams: good enough to show a card, not to count a vote.</summary>
    public async Task<TeamsIdentity> FindAsync(TeamsActivity activity, CancellationToken cancellationToken)
    {
        if (AccountOf(activity) is not { } account)
        {
            return new TeamsIdentity.Refused("Teams did not say whose account this is.");
        }

        return await accounts.FindAsync(account.InChannel, cancellationToken) switch
        {
            null => new TeamsIdentity.Unlinked(),
            { } person when charter().People.Find(person) is { } known => new TeamsIdentity.Known(known.Id),
            _ => new TeamsIdentity.Refused("The person of this Teams account is not registered any more."),
        };
    }

    /// <summary>The person, if the account is one that may decide at this moment.</summary>
    public async Task<TeamsIdentity> IdentifyAsync(TeamsActivity activity, CancellationToken cancellationToken)
    {
        var identity = await FindAsync(activity, cancellationToken);
        return identity is not TeamsIdentity.Refused && await WhyNotAsync(activity, cancellationToken) is { } why
            ? new TeamsIdentity.Refused(why)
            : identity;
    }

    /// <summary>The account that acts; <c>null</c> when the activity names none.</summary>
    public TeamsAccount? AccountOf(TeamsActivity activity) =>
        Guid.TryParseExact(activity.EntraObject, "D", out var user) ? new TeamsAccount(options.Tenant, user) : null;

    private async Task<string?> WhyNotAsync(TeamsActivity activity, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TeamsLimits.Question);
        try
        {
            return await roster.WhyNotAsync(activity, limit.Token);
        }
        catch (TeamsException unknown)
        {
            return $"Teams did not say whether this account may decide. {unknown.Message} Try again, or decide in " +
                "the console.";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "Teams did not say in time whether this account may decide. Try again, or decide in the console.";
        }
    }
}
