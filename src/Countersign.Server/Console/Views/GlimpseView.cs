using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>What tells two requests for the same operation apart in a list, before one of them is opened.</summary>
/// <param name="Text">What the preview says it would do, if there is one; otherwise the arguments, shortened.</param>
/// <param name="IsExact">Whether it is quoted from what is asked.</param>
public sealed record GlimpseView(string Text, bool IsExact)
{
    /// <summary>Characters of a glimpse: a few lines on a phone, one on a desk.</summary>
    private const int MaxCharacters = 96;

    /// <summary>Larger arguments are not quoted: a list decodes no more than it could show.</summary>
    private const int MaxBytes = 4096;

    internal static GlimpseView Of(ActionRecord record)
    {
        if (record.Preview is { Summary: { Length: > 0 } summary })
        {
            return new GlimpseView(Shortening.Of(Words.OneLine(summary), MaxCharacters), IsExact: false);
        }

        var bytes = record.Action.Arguments.Bytes;
        return bytes.Length <= MaxBytes
            ? new GlimpseView(
                Shortening.Of(Words.OneLine(record.Action.Arguments.ToString()), MaxCharacters), IsExact: true)
            : new GlimpseView($"{bytes.Length:N0} bytes of arguments", IsExact: false);
    }
}
