using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Channels;

/// <summary>
/// Accounts that people linked themselves. A link is an entry of the ledger, because it changes who may vote: rows hold
/// a keyed hash of the account, and only the entry's payload says whose it is.
/// </summary>
internal sealed class AccountLinks(IStore store, byte[] key)
{
    /// <summary>How often a link that others change at the same time is tried.</summary>
    private const int MaxRounds = 4;

    public async Task<PersonId?> FindAsync(ChannelAccount account, CancellationToken cancellationToken) =>
        Read(await store.FindAccountAsync(KeyOf(account), cancellationToken)) is { } link ? link.Person : null;

    /// <summary>What is linked to a person.</summary>
    public async Task<ImmutableArray<AccountLinked>> OfAsync(PersonId person, CancellationToken cancellationToken) =>
        [.. (await store.FindAccountsAsync(cancellationToken)).Select(Read).OfType<AccountLinked>()
            .Where(link => link.Person == person)];

    /// <summary>Links an account; <c>false</c> when it stands for somebody already.</summary>
    public async Task<bool> LinkAsync(ChannelAccount account, PersonId person, CancellationToken cancellationToken) =>
        await store.CommitAsync(
            ChangeFor(new AccountWrite.Links(KeyOf(account)), account, person, "linked"),
            cancellationToken) is CommitResult.Committed;

    /// <summary>Ends a person's link; one that is gone already needs no second end.</summary>
    public async Task UnlinkAsync(ChannelAccount account, PersonId person, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            if (Read(await store.FindAccountAsync(KeyOf(account), cancellationToken)) is not { } link
                || link.Person != person
                || await store.CommitAsync(
                    ChangeFor(new AccountWrite.Unlinks(KeyOf(account), link.Entry), account, person, "unlinked"),
                    cancellationToken) is CommitResult.Committed)
            {
                return;
            }
        }

        throw new StoreUnavailableException($"The link changed {MaxRounds} times while it was ended; try again.");
    }

    private AccountKey KeyOf(ChannelAccount account) => new(Convert.ToHexStringLower(
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{account.Channel}\n{account.Id}"))));

    private static Change ChangeFor(AccountWrite write, ChannelAccount account, PersonId person, string what) => new()
    {
        Account = write,
        Entries =
        [
            new EntryDraft(
                EntryType.PersonChanged,
                Action: null,
                Revision: 0,
                JsonSerializer.SerializeToUtf8Bytes(new
                {
                    person = person.Value,
                    change = what,
                    channel = account.Channel,
                    account = account.Id,
                })),
        ],
    };

    /// <summary>A link whose payload was erased stands for nobody.</summary>
    private static AccountLinked? Read(AccountLink? link)
    {
        if (link?.Payload is not { } payload)
        {
            return null;
        }

        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        return new AccountLinked(
            new ChannelAccount(
                root.GetProperty("channel").GetString()!, root.GetProperty("account").GetString()!),
            new PersonId(root.GetProperty("person").GetString()!),
            link.Entry);
    }
}

/// <summary>One account that stands for a person.</summary>
internal sealed record AccountLinked(ChannelAccount Account, PersonId Person, long Entry);
