using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity;

namespace Countersign.Core;

/// <summary>
/// Codes with which somebody vouches for the person who enrols a first passkey: an admin who knows them, or whoever
/// runs the server. A code is sealed under a key of the ledger, so that no node keeps what was made and the command
/// line makes one without the server. It works once, for one person, for a short while; the store keeps which were
/// used.
/// </summary>
public sealed class EnrolmentCodes(ReadOnlyMemory<byte> key, Func<DateTimeOffset> now, FillRandom random)
{
    /// <summary>How long a code works.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>Longest code that is looked at: the longest name of a person, and the rest.</summary>
    private const int MaxText = 256;

    private const int TimeBytes = 8;
    private const int NonceBytes = 8;
    private const int SealBytes = 16;

    private static ReadOnlySpan<byte> Label => "countersign-enrolment-code-v1\n"u8;

    /// <summary>Makes a code for a person; without an admin it is one of whoever runs the server.</summary>
    public string Create(PersonId person, PersonId? admin)
    {
        var voucher = Encoding.ASCII.GetBytes(admin?.Value ?? "");
        var code = new byte[TimeBytes + NonceBytes + voucher.Length + SealBytes];
        BinaryPrimitives.WriteInt64BigEndian(code, (now() + Lifetime).UtcTicks);
        random(code.AsSpan(TimeBytes, NonceBytes));
        voucher.CopyTo(code.AsSpan(TimeBytes + NonceBytes));
        SealOf(person, code.AsSpan(..^SealBytes)).CopyTo(code.AsSpan(^SealBytes..));
        return Base64Url.EncodeToString(code);
    }

    /// <summary>Reads a code; <c>null</c> when it is none for this person, or has expired.</summary>
    internal EnrolmentCode? TryRead(PersonId person, string? text)
    {
        if (Read(text) is not { } code
            || !CryptographicOperations.FixedTimeEquals(
                SealOf(person, code.AsSpan(..^SealBytes)), code.AsSpan(^SealBytes..)))
        {
            return null;
        }

        var until = new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(code), TimeSpan.Zero);
        var voucher = Encoding.ASCII.GetString(code.AsSpan((TimeBytes + NonceBytes)..^SealBytes));
        return now() < until
            ? new EnrolmentCode(
                new Vouched(voucher.Length == 0 ? null : new PersonId(voucher)),
                $"enrolment:{Convert.ToHexStringLower(SHA256.HashData(code))}",
                until)
            : null;
    }

    private static byte[]? Read(string? text)
    {
        var trimmed = (text ?? "").Trim();
        if (trimmed.Length > MaxText || !Base64Url.IsValid(trimmed))
        {
            return null;
        }

        var code = Base64Url.DecodeFromChars(trimmed);
        return code.Length >= TimeBytes + NonceBytes + SealBytes ? code : null;
    }

    private byte[] SealOf(PersonId person, ReadOnlySpan<byte> said) => HMACSHA256.HashData(
        key.Span, [.. Label, .. Encoding.ASCII.GetBytes(person.Value), (byte)'\n', .. said])[..SealBytes];
}

/// <summary>A code that holds.</summary>
/// <param name="Vouched">Who made it.</param>
/// <param name="Key">Names its one use for the store, without being the code.</param>
/// <param name="Until">When it expires.</param>
internal sealed record EnrolmentCode(Vouched Vouched, string Key, DateTimeOffset Until);

/// <summary>Who vouched for somebody's enrolment.</summary>
/// <param name="Admin">The admin; <c>null</c> when it was whoever runs the server.</param>
public sealed record Vouched(PersonId? Admin);

/// <summary>What became of asking for an enrolment code.</summary>
public abstract record CodeAnswer
{
    private CodeAnswer()
    {
    }

    public sealed record Made(string Code) : CodeAnswer;

    public sealed record Refused(string Why) : CodeAnswer;
}
