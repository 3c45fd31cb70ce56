using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>
/// Reads CBOR strictly: shortest heads, definite lengths, no tags, no floats, no key twice (CTAP 2 section 8). What an
/// authenticator writes fits that; whatever does not was made by somebody else.
/// </summary>
internal sealed class CborReader(ReadOnlyMemory<byte> bytes)
{
    /// <summary>CTAP 2 section 8: authenticators nest four levels at most.</summary>
    private const int MaxDepth = 4;

    private const int MaxItems = 64;

    private const int Indefinite = 31;

    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private int _at;

    /// <summary>How many bytes the values read so far take.</summary>
    public int Consumed => _at;

    /// <summary>Reads one value that is all there is.</summary>
    /// <exception cref="FormatException">It is not, or not of the strict form.</exception>
    public static CborValue ReadAll(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CborReader(bytes);
        var value = reader.Read();
        return reader.Consumed == bytes.Length ? value : throw Malformed("something follows the value");
    }

    /// <summary>Reads the next value.</summary>
    public CborValue Read() => Read(depth: 0);

    private CborValue Read(int depth)
    {
        if (depth > MaxDepth)
        {
            throw Malformed("it is nested too deeply");
        }

        var initial = Take(1).Span[0];
        var (major, extra) = (initial >> 5, initial & 31);
        return major switch
        {
            0 => new CborValue.Integer(ReadNumber(extra)),
            1 => new CborValue.Integer(-1 - ReadNumber(extra)),
            2 => new CborValue.Bytes(Take(ReadNumber(extra))),
            3 => new CborValue.Text(StrictText(Take(ReadNumber(extra)).Span)),
            4 => new CborValue.List([.. Enumerable.Range(0, ReadCount(extra)).Select(_ => Read(depth + 1))]),
            5 => ReadMap(ReadCount(extra), depth),
            7 => ReadSimple(extra),
            _ => throw Malformed("it has tags"),
        };
    }

    private CborValue.Map ReadMap(int count, int depth)
    {
        var members = ImmutableArray.CreateBuilder<KeyValuePair<CborValue, CborValue>>(count);
        for (var i = 0; i < count; i++)
        {
            var key = Read(depth + 1);
            if (key is not (CborValue.Integer or CborValue.Text) || members.Any(member => member.Key == key))
            {
                throw Malformed("a map has one key twice, or a key that is neither number nor text");
            }

            members.Add(new(key, Read(depth + 1)));
        }

        return new CborValue.Map(members.MoveToImmutable());
    }

    private static CborValue.Simple ReadSimple(int extra) => extra switch
    {
        20 => new CborValue.Simple(false),
        21 => new CborValue.Simple(true),
        22 => new CborValue.Simple(null),
        _ => throw Malformed("it has floats or values nobody knows"),
    };

    private int ReadCount(int extra) => ReadNumber(extra) is var count and <= MaxItems
        ? (int)count
        : throw Malformed("it has too many items");

    private long ReadNumber(int extra)
    {
        var (number, least) = extra switch
        {
            < 24 => ((ulong)extra, 0UL),
            24 => (Take(1).Span[0], 24UL),
            25 => (BinaryPrimitives.ReadUInt16BigEndian(Take(2).Span), 1UL << 8),
            26 => (BinaryPrimitives.ReadUInt32BigEndian(Take(4).Span), 1UL << 16),
            27 => (BinaryPrimitives.ReadUInt64BigEndian(Take(8).Span), 1UL << 32),
            Indefinite => throw Malformed("a length is indefinite"),
            _ => throw Malformed("a head is reserved"),
        };
        return number >= least && number <= long.MaxValue
            ? (long)number
            : throw Malformed("a number is not in its shortest form, or too large");
    }

    private ReadOnlyMemory<byte> Take(long count)
    {
        if (count > bytes.Length - _at)
        {
            throw Malformed("it ends too early");
        }

        var taken = bytes.Slice(_at, (int)count);
        _at += (int)count;
        return taken;
    }

    private static string StrictText(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed("a text is not UTF-8");
        }
    }

    private static FormatException Malformed(string why) =>
        new($"The authenticator's CBOR is malformed: {why}.");
}
