using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Countersign.Core.Actions;

namespace Countersign.Core.Storage;

/// <summary>
/// A place in the list by deadline: that of one action, whose id decides between equal deadlines. It stays a place
/// when the action has left the list, so that a page begins where the one before it ended.
/// </summary>
/// <param name="Deadline">The action's next deadline.</param>
/// <param name="Id">The action.</param>
public sealed record DeadlinePlace(DateTimeOffset Deadline, ActionId Id)
{
    private const char Separator = '.';

    /// <summary>The place of an action; <c>null</c> when no timer concerns it.</summary>
    public static DeadlinePlace? Of(ActionRow row) =>
        row.NextDeadline is { } deadline ? new DeadlinePlace(deadline, row.Id) : null;

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out DeadlinePlace? place)
    {
        place = text?.Split(Separator) is [var ticksText, var idText]
            && long.TryParse(ticksText, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTimeOffset.MaxValue.Ticks
            && ActionId.TryParse(idText, out var id)
            ? new DeadlinePlace(new DateTimeOffset(ticks, TimeSpan.Zero), id)
            : null;
        return place is not null;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Deadline.UtcTicks}{Separator}{Id}");
}
