using System.Collections.Immutable;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Tests.Support;

/// <summary>Who approved whose requests.</summary>
internal sealed partial class MemoryStore
{
    private readonly Dictionary<(PersonId By, PersonId Of), Favour> _favours = [];

    public Task<ImmutableArray<Favour>> FindFavoursAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<ImmutableArray<Favour>>(
                [.. _favours.Values.Where(favour => favour.At >= since).OrderBy(favour => favour.At)]);
        }
    }

    private ConflictReason? WhyNotFavoured(FavourGuard? guard) =>
        guard is not null && _favours.Values.Any(
            favour => favour.Of == guard.Of && guard.By.Contains(favour.By) && favour.At > guard.After)
            ? ConflictReason.FavourDone
            : null;

    private void ApplyFavours(Change change)
    {
        foreach (var vote in change.Votes)
        {
            foreach (var person in vote.Behind)
            {
                _favours[(vote.Person, person)] = new Favour(vote.Person, person, vote.Action, vote.At);
            }
        }
    }
}
