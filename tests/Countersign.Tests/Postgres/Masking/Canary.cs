using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>A value that must not leave, in every form in which its bytes could.</summary>
internal static class Canary
{
    public const string Text = "kq914-77-3186zx";

    public const string Digits = "914-77-3186";

    public const long Number = 914_773_186;

    /// <summary>Beside it in every row: what is not masked.</summary>
    public const string Visible = "ann-visible";

    private const int Around = 40;

    private static readonly ImmutableArray<(string Form, byte[] Bytes)> s_forms = [.. Forms()];

    /// <summary>The form in which it is there, and what is around it; <c>null</c> when it is not.</summary>
    public static string? FindIn(ReadOnlySpan<byte> bytes)
    {
        foreach (var (form, sought) in s_forms)
        {
            if (bytes.IndexOf(sought) is var at and >= 0)
            {
                var around = bytes[Math.Max(0, at - Around)..Math.Min(bytes.Length, at + sought.Length + Around)];
                return $"{form} in {Encoding.Latin1.GetString(around)}";
            }
        }

        return null;
    }

    private static IEnumerable<(string Form, byte[] Bytes)> Forms()
    {
        foreach (var part in new[] { Digits, "914-7", "91477", "-3186", "914773186", "914773", "773186" })
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            yield return (part, bytes);
            yield return ($"{part} reversed", [.. bytes.Reverse()]);
            yield return ($"{part} in hex", Encoding.UTF8.GetBytes(Convert.ToHexStringLower(bytes)));
            yield return ($"{part} in HEX", Encoding.UTF8.GetBytes(Convert.ToHexString(bytes)));
        }

        foreach (var lead in new[] { "", "k", "kq" })
        {
            var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(lead + Digits));
            yield return ($"base64 behind {lead.Length}", Encoding.UTF8.GetBytes(base64[4..12]));
        }

        yield return ("upper case", "KQ914"u8.ToArray());
        yield return ("md5", Encoding.UTF8.GetBytes(Md5(Text)));
        yield return ("sha256", SHA256.HashData(Encoding.UTF8.GetBytes(Text)));
        yield return ("sha256 in hex", Encoding.UTF8.GetBytes(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)))));
        var integer = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(integer, (int)Number);
        yield return ("int4 in binary", integer);
        yield return ("numeric in binary", [0, 9, 0x05, 0xC5, 0x0C, 0x72]);
        var real = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(real, Number);
        yield return ("float8 in binary", real);
    }

    /// <summary>What PostgreSQL's function of that name gives.</summary>
    private static string Md5(string text) =>
#pragma warning disable CA5351 // Nothing rests on it here: it is looked for.
        Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}
