using System.Collections.Immutable;
using Countersign.Core.Storage;

namespace Countersign.Server.Console.Views;

/// <summary>
/// Which of all waiting reviews one page shows: those that its reader can decide, then the others, each part by
/// deadline.
/// </summary>
/// <param name="Yours">All that the reader can decide.</param>
/// <param name="Others">All others that exist for the reader.</param>
internal sealed record QueueSelection(
    ImmutableArray<PendingReview> Yours, ImmutableArray<PendingReview> Others)
{
    /// <param name="reviews">All that wait, by deadline.</param>
    /// <param name="find">What their rows have to say; nothing finds all.</param>
    /// <param name="rightOf">Whether a kind exists for the reader, and whether they can decide it.</param>
    public static QueueSelection Of(
        ImmutableArray<PendingReview> reviews, string find, Func<PendingKind, (bool Exists, bool IsYours)> rightOf)
    {
        var rights = new Dictionary<PendingKind, (bool Exists, bool IsYours)>();
        var (yours, others) = (
            ImmutableArray.CreateBuilder<PendingReview>(), ImmutableArray.CreateBuilder<PendingReview>());
        foreach (var review in reviews)
        {
            if (find.Length > 0 && !review.Text.Contains(find, StringComparison.Ordinal))
            {
                continue;
            }

            if (!rights.TryGetValue(review.Kind, out var right))
            {
                rights[review.Kind] = right = rightOf(review.Kind);
            }

            if (right.Exists)
            {
                (right.IsYours ? yours : others).Add(review);
            }
        }

        return new QueueSelection(yours.ToImmutable(), others.ToImmutable());
    }

    /// <summary>What one page shows, and where the next one begins; <c>null</c> behind the last.</summary>
    public (ImmutableArray<PendingReview> Shown, QueuePlace? Next) PageAt(QueuePlace? after, int size)
    {
        var left = Behind(Yours, isOfOthers: false, after).Concat(Behind(Others, isOfOthers: true, after))
            .Take(size + 1)
            .ToImmutableArray();
        return left.Length <= size ? (left, null) : (left[..size], PlaceOf(left[size - 1]));
    }

    private static IEnumerable<PendingReview> Behind(
        ImmutableArray<PendingReview> part, bool isOfOthers, QueuePlace? after) => after switch
    {
        null => part,
        { IsOfOthers: true } when !isOfOthers => [],
        { IsOfOthers: false } when isOfOthers => part,
        { At: var place } => part.SkipWhile(review => !IsBehind(review.Place, place)),
    };

    private static bool IsBehind(DeadlinePlace one, DeadlinePlace other) => one.Deadline != other.Deadline
        ? one.Deadline > other.Deadline
        : string.CompareOrdinal(one.Id.Value, other.Id.Value) > 0;

    private QueuePlace PlaceOf(PendingReview last) => new(last.Place, IsOfOthers: Others.Contains(last));
}

/// <summary>Where a page of the list begins: behind this place, in the reader's part or in the others'.</summary>
internal sealed record QueuePlace(DeadlinePlace At, bool IsOfOthers);
