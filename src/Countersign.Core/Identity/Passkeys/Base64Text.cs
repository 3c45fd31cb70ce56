using System.Buffers.Text;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>Base64url as WebAuthn's JSON has it: without padding, in its one canonical spelling.</summary>
internal static class Base64Text
{
    /// <exception cref="FormatException">The text is not in that spelling.</exception>
    public static byte[] Decode(string? text, string what)
    {
        if (text is not null && Base64Url.IsValid(text) && Base64Url.DecodeFromChars(text) is var bytes
            && Base64Url.EncodeToString(bytes) == text)
        {
            return bytes;
        }

        throw new FormatException($"The {what} is not base64url without padding.");
    }
}
