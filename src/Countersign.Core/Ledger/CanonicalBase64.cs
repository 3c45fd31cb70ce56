namespace Countersign.Core.Ledger;

/// <summary>
/// Standard padded base64 with one spelling per value, so that no signed line has a twin that also parses.
/// </summary>
internal static class CanonicalBase64
{
    public static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        var buffer = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, buffer, out var written))
        {
            return false;
        }

        // The library skips white space and ignores stray bits before the padding; spelling the value again does
        // neither.
        bytes = buffer[..written];
        return Convert.ToBase64String(bytes) == text;
    }
}
