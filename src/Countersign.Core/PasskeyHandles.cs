using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;

namespace Countersign.Core;

/// <summary>
/// What authenticators call a person. WebAuthn section 14.6.1 wants a handle that tells nothing about them, and one
/// that stays the same lets a new passkey replace the old one on the same device.
/// </summary>
internal sealed class PasskeyHandles(PasskeyOptions options)
{
    private static ReadOnlySpan<byte> Label => "countersign-user-handle-v1\n"u8;

    public byte[] Of(PersonId person) =>
        HMACSHA256.HashData(options.Key.Span, [.. Label, .. Encoding.UTF8.GetBytes(person.Value)]);
}
