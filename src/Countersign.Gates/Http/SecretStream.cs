using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Countersign.Gates.Http;

/// <summary>
/// Finds credentials in what a target answers, however it comes in pieces, and writes a word instead: a target that
/// echoes requests gives no agent the credential that was sent along. It knows the spellings of JSON, of addresses and
/// of base64 with no regard to what stands around it.
/// </summary>
internal sealed class SecretStream
{
    private static readonly byte[] Mask = "(secret)"u8.ToArray();

    private readonly ImmutableArray<byte[]> _secrets;
    private readonly int _longest;
    private readonly IBufferWriter<byte> _output;
    private byte[] _kept = [];

    public SecretStream(IEnumerable<string> secrets, IBufferWriter<byte> output)
    {
        _secrets =
        [
            .. secrets.SelectMany(Spellings).Distinct(StringComparer.Ordinal)
                .OrderByDescending(secret => secret.Length)
                .Select(Encoding.UTF8.GetBytes),
        ];
        _longest = _secrets.IsEmpty ? 0 : _secrets[0].Length;
        _output = output;
    }

    public void Write(ReadOnlySpan<byte> piece)
    {
        if (_longest == 0)
        {
            _output.Write(piece);
            return;
        }

        byte[] text = [.. _kept, .. piece];
        // What ends the piece may be the beginning of one.
        var rest = Pass(text, Math.Max(0, text.Length - (_longest - 1)));
        _kept = text[rest..];
    }

    public void Complete()
    {
        Pass(_kept, _kept.Length);
        _kept = [];
    }

    /// <summary>Writes what begins before a place, and says where the rest begins.</summary>
    private int Pass(ReadOnlySpan<byte> text, int until)
    {
        var at = 0;
        while (at < until)
        {
            var (start, length) = FindIn(text[at..]);
            if (length == 0 || at + start >= until)
            {
                _output.Write(text[at..until]);
                return until;
            }

            _output.Write(text.Slice(at, start));
            _output.Write(Mask);
            at += start + length;
        }

        return at;
    }

    private (int Start, int Length) FindIn(ReadOnlySpan<byte> text)
    {
        var (start, length) = (text.Length, 0);
        foreach (var secret in _secrets)
        {
            var found = text[..Math.Min(text.Length, start + secret.Length)].IndexOf(secret);
            if (found >= 0 && found < start)
            {
                (start, length) = (found, secret.Length);
            }
        }

        return (start, length);
    }

    /// <summary>A secret in the ways that answers repeat it.</summary>
    public static IEnumerable<string> Spellings(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return secret.Replace("/", "\\/", StringComparison.Ordinal);
        yield return System.Text.Json.JsonEncodedText.Encode(secret).ToString();
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
    }
}
