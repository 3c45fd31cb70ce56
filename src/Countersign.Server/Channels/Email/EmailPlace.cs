using System.Collections.Immutable;
using System.Globalization;

namespace Countersign.Server.Channels.Email;

/// <summary>
/// Who was told of a review, as the store keeps it: the revision, and a mark of each person. A mail counts as told when
/// the server took it, or refused it for good.
/// </summary>
internal sealed record EmailPlace(int Revision, ImmutableSortedSet<string> Told)
{
    private const char Separator = ' ';

    /// <summary>
    /// What is known of this revision. Another revision is another review: votes on the former are void, so everybody
    /// is asked anew.
    /// </summary>
    public static EmailPlace Of(string? text, int revision) =>
        text?.Split(Separator) is [var number, .. var marks]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var known)
        && known == revision
            ? new EmailPlace(revision, marks.ToImmutableSortedSet(StringComparer.Ordinal))
            : new EmailPlace(revision, ImmutableSortedSet.Create<string>(StringComparer.Ordinal));

    public EmailPlace With(string mark) => this with { Told = Told.Add(mark) };

    public override string ToString() => string.Join(
        Separator, Told.Prepend(Revision.ToString(CultureInfo.InvariantCulture)));
}
