using System.Collections.Immutable;
using Countersign.Core.Identity;

namespace Countersign.Server.Channels;

/// <summary>
/// Whose accounts are whose: those that the configuration gives to persons, once that was accepted, and those that
/// people linked themselves.
/// </summary>
internal sealed class AccountBook(
    ImmutableDictionary<ChannelAccount, PersonId> configured, IsRegistered isRegistered, AccountLinks links)
{
    /// <summary>The person an account stands for.</summary>
    public async Task<PersonId?> FindAsync(ChannelAccount account, CancellationToken cancellationToken) =>
        configured.TryGetValue(account, out var person) && isRegistered(person, account)
            ? person
            : await links.FindAsync(account, cancellationToken);

    /// <summary>What stands for a person.</summary>
    public async Task<ImmutableArray<HeldAccount>> OfAsync(PersonId person, CancellationToken cancellationToken) =>
    [
        .. configured
            .Where(account => account.Value == person && isRegistered(person, account.Key))
            .Select(account => new HeldAccount(account.Key, IsLinked: false))
            .Concat((await links.OfAsync(person, cancellationToken))
                .Select(link => new HeldAccount(link.Account, IsLinked: true)))
            .OrderBy(held => held.Account.ToString(), StringComparer.Ordinal),
    ];
}

/// <summary>An account that stands for a person, and whether they linked it themselves.</summary>
internal sealed record HeldAccount(ChannelAccount Account, bool IsLinked);

/// <summary>Whether an account that the configuration gives to a person counts: not before it was accepted.</summary>
internal delegate bool IsRegistered(PersonId person, ChannelAccount account);
