using System.Globalization;
using Countersign.Core.Records;

namespace Countersign.Gates.Http;

/// <summary>
/// What was approved of an answer, for as long as it is passed on: that is after its outcome, when nothing else stops
/// it any more.
/// </summary>
/// <param name="Bytes">The most that may come; <c>null</c> when no rule says.</param>
/// <param name="Until">When it is over; <c>null</c> when no rule says.</param>
internal readonly record struct AnswerBounds(long? Bytes, DateTimeOffset? Until)
{
    /// <summary>Those of an action that is executed from now on.</summary>
    public static AnswerBounds Of(ActionRecord action, TimeProvider time) =>
        new(action.OutputCeiling, time.GetUtcNow() + action.TimeCeiling);

    /// <summary>Before a byte of it is passed on, where the answer says how long it is.</summary>
    /// <exception cref="WithheldException">Longer than approved.</exception>
    public void RefuseLonger(HttpResponseMessage response)
    {
        var hasBody = response.RequestMessage?.Method != HttpMethod.Head && (int)response.StatusCode != 304;
        if (hasBody && response.Content.Headers.ContentLength is { } length && length > Bytes)
        {
            throw TooLong(length);
        }
    }

    /// <exception cref="WithheldException">More came than approved, or the time is over.</exception>
    public void Check(long read, TimeProvider time)
    {
        if (read > Bytes)
        {
            throw TooLong(read);
        }

        if (Until is { } until && time.GetUtcNow() > until)
        {
            throw new WithheldException("the time that was approved for it ('bounds.seconds') is over.");
        }
    }

    /// <summary>A wait for the next piece, which ends with the time for all of them.</summary>
    public TimeSpan NoLongerThan(TimeSpan wait, TimeProvider time)
    {
        var left = Until is { } until ? until - time.GetUtcNow() : wait;
        return left <= TimeSpan.Zero ? TimeSpan.Zero : left < wait ? left : wait;
    }

    private WithheldException TooLong(long length) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"it is {length} bytes long or longer, and {Bytes} bytes were approved ('bounds.output')."));
}
