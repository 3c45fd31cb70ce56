using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Records;

namespace Countersign.Server.Channels.Teams;

/// <summary>Who is sent a card: the channel's thread, or one person by their account.</summary>
/// <param name="Account">Whose; <c>null</c> for the thread.</param>
internal sealed record TeamsReader(TeamsAccount? Account)
{
    public static TeamsReader Thread { get; } = new(Account: null);

    /// <summary>As postings name it.</summary>
    public string Key => Account?.ToString() ?? "";

    public static TeamsReader Of(TeamsPosting posting) =>
        new(posting.Reader.Length == 0 ? null : TeamsAccount.Parse(posting.Reader));
}

/// <summary>Finds who is sent the card of a review: whoever is asked, and has an account here.</summary>
internal sealed class TeamsReaders(
    TeamsOptions options, AccountBook accounts, TeamsRoster roster, TeamsPoster poster, Func<Charter> charter)
{
    /// <summary>A review that asks more people than this is found in the channel and the console.</summary>
    private const int MaxPersons = 60;

    /// <summary>The thread first, then those who have the card already, then who can act now.</summary>
    public async Task<ImmutableArray<TeamsReader>> FindAsync(
        ActionRecord record, TeamsPlace place, CancellationToken cancellationToken)
    {
        TeamsReader[] thread = options.TeamChannel is null ? [] : [TeamsReader.Thread];
        var asked = await FindAskedAsync(record, cancellationToken);
        return
        [
            .. thread
                .Concat(place.Postings.Select(TeamsReader.Of).Where(reader => reader.Account is not null))
                .Concat(asked.Select(account => new TeamsReader(account)))
                .Distinct(),
        ];
    }

    /// <summary>
    /// The bot's own ids of who can act, for Teams to fetch them a card of their own: those that it tells.
    /// </summary>
    public async Task<ImmutableArray<string>> FindIdsAsync(ActionRecord record, CancellationToken cancellationToken)
    {
        var ids = ImmutableArray.CreateBuilder<string>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TeamsLimits.Call);
        try
        {
            foreach (var account in await FindAskedAsync(record, cancellationToken))
            {
                if (await roster.FindIdAsync(poster.Service, account.User, limit.Token) is { } id)
                {
                    ids.Add(id);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Who is not told by then sees what everybody sees: the card must not wait for it.
        }

        return ids.ToImmutable();
    }

    private async Task<ImmutableArray<TeamsAccount>> FindAskedAsync(
        ActionRecord record, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<TeamsAccount>();
        var persons = new ReviewTracks(record, charter()).CanAct
            .OrderBy(person => person.Value, StringComparer.Ordinal);
        foreach (var person in persons.Take(MaxPersons))
        {
            found.AddRange((await accounts.OfAsync(person, cancellationToken))
                .Where(held => held.Account.Channel == TeamsOutbox.Channel)
                .Select(held => TeamsAccount.Parse(held.Account.Id))
                .Where(account => account.Tenant == options.Tenant));
        }

        return found.ToImmutable();
    }
}
