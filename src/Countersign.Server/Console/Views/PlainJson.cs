using System.Text;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>Documents of which every part can be shown as it stands, as most documents are.</summary>
internal static class PlainJson
{
    /// <summary>
    /// The document as a text of as many characters as it has bytes; <c>null</c> when it escapes something, or holds
    /// what could mislead a reader.
    /// </summary>
    public static string? Of(ReadOnlySpan<byte> json) =>
        !json.Contains((byte)'\\') && Ascii.IsValid(json) && Encoding.ASCII.GetString(json) is var text
        && DisplayText.IsPlain(text)
            ? text
            : null;
}
