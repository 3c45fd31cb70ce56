using System.Collections.Concurrent;
using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Server.Hosting;

namespace Countersign.Server.SignIn;

/// <summary>
/// What the identity provider said of whom, asked again whenever a vote is cast or counted. Whom it knows no more has
/// left: their groups and their sessions end at once. While it cannot be asked, its last word counts for as long as the
/// configuration says. It is kept in memory, so after a restart people sign in before they count.
/// </summary>
internal sealed class Standings(
    OpenIdProvider provider, CharterSource charter, TimeProvider time, ILogger<Standings> logger)
{
    /// <summary>Vote, decision and claim follow each other closely; one question serves them.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    // Guarded by the lock.
    private ImmutableDictionary<PersonId, Held> _held = ImmutableDictionary<PersonId, Held>.Empty;

    // A refresh token may work once only, so nobody is asked about twice at a time.
    private readonly ConcurrentDictionary<PersonId, Lazy<Task>> _asking = new();

    /// <summary>Told when somebody has left; ends their sessions.</summary>
    public Action<PersonId> Left { get; set; } = static _ => { };

    /// <summary>Takes down what a sign-in brought.</summary>
    public void Put(PersonId person, ProviderAnswer.Known known) =>
        Change(held => held.SetItem(person, new Held(known, time.GetUtcNow())));

    /// <summary>Asks again about those of these persons who signed in with the provider.</summary>
    public Task RereadAsync(IReadOnlySet<PersonId> persons, CancellationToken cancellationToken) => Task.WhenAll(
        persons.Where(_held.ContainsKey).Select(person =>
            _asking.GetOrAdd(person, each => new Lazy<Task>(() => RereadOnceAsync(each)))
                .Value.WaitAsync(cancellationToken)));

    private async Task RereadOnceAsync(PersonId person)
    {
        try
        {
            await Task.Yield();
            if (_held.TryGetValue(person, out var held) && time.GetUtcNow() - held.At >= Recent)
            {
                await RereadAsync(person, held);
            }
        }
        finally
        {
            _asking.TryRemove(person, out _);
        }
    }

    private async Task RereadAsync(PersonId person, Held held)
    {
        try
        {
            var asked = time.GetUtcNow();
            switch (await provider.RereadAsync(held.Known.Subject, held.Known.Tokens, CancellationToken.None))
            {
                case ProviderAnswer.Known known:
                    Change(all => all.SetItem(person, new Held(known, asked)));
                    break;
                case ProviderAnswer.Refused refused:
                    logger.PersonLeft(person, refused.Why);
                    Change(all => all.Remove(person));
                    Left(person);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }
        catch (ProviderException unreachable)
        {
            // Its last word counts until it is too old; the charter sees to that.
            logger.GroupsUnread(person, unreachable.Message);
        }
    }

    private void Change(Func<ImmutableDictionary<PersonId, Held>, ImmutableDictionary<PersonId, Held>> change)
    {
        lock (_lock)
        {
            _held = change(_held);
            charter.Put(_held.ToImmutableDictionary(
                each => each.Key,
                each => new GroupStanding(each.Value.Known.Groups, each.Value.At + provider.Options.GroupsMaxAge)));
        }
    }

    private sealed record Held(ProviderAnswer.Known Known, DateTimeOffset At);
}
