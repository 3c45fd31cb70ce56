using System.Globalization;
using Countersign.Core.Actions;
using Countersign.Core.Records;

namespace Countersign.Server.Channels;

/// <summary>
/// Which revision of which action a card showed. It goes out with buttons and comes back with clicks, and says nothing
/// else: a click with it is a question to the review desk.
/// </summary>
internal readonly record struct CardReference(ActionId Action, int Revision, ActionDigest Digest)
{
    private const char Separator = '.';

    public static CardReference Of(ActionRecord record) =>
        new(record.Id, record.Life.Revision, record.Action.Digest);

    /// <summary>Reads what <see cref="ToString"/> wrote; <c>null</c> when it is something else.</summary>
    public static CardReference? Read(string? text) =>
        text?.Split(Separator) is [var id, var number, var hash]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
        && ActionId.TryParse(id, out var action)
        && ActionDigest.TryParse(hash, out var digest)
            ? new CardReference(action, revision, digest)
            : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Action}{Separator}{Revision}{Separator}{Digest}");
}
