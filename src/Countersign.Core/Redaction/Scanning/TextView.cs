using System.Buffers;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>
/// A text as a reader would see it: escapes decoded, full-width digits as digits, invisible characters gone, and for
/// each byte where it came from. A text without any of these is viewed in place.
/// </summary>
internal sealed class TextView
{
    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [(byte)'%', (byte)'&', (byte)'\\', 0xC2, 0xCD, 0xD9, 0xDB, 0xE1, 0xE2, 0xE3, 0xEF, 0xF0, 0xF3]);

    /// <summary>
    /// How many invisible characters in a row are passed over; more of them are a gap that can be seen.
    /// </summary>
    private const int MostInvisible = 48;

    private byte[] _bytes = [];
    private int[] _starts = [];
    private int _sourceLength;
    private bool _isSame;
    private int _invisible;

    /// <summary>How many bytes the view has.</summary>
    public int Length { get; private set; }

    /// <summary>
    /// Reads a source. What stands at its very end may be half of an escape: unless it is final, the view stops there.
    /// </summary>
    public ReadOnlySpan<byte> Read(ReadOnlySpan<byte> source, bool isFinal)
    {
        _sourceLength = source.Length;
        _isSame = source.IndexOfAny(Special) < 0;
        if (_isSame)
        {
            Length = source.Length;
            return source;
        }

        Decode(source, isFinal);
        return _bytes.AsSpan(0, Length);
    }

    /// <summary>
    /// Where a byte of the view stands in the source; what the view leaves out belongs to the byte before.
    /// </summary>
    public int SourceOf(int at) => _isSame ? at : at >= Length ? _sourceLength : _starts[at];

    private void Decode(ReadOnlySpan<byte> source, bool isFinal)
    {
        if (_bytes.Length < source.Length)
        {
            (_bytes, _starts) = (new byte[source.Length], new int[source.Length]);
        }

        var (at, length) = (0, 0);
        _invisible = 0;
        while (at < source.Length)
        {
            var run = source[at..].IndexOfAny(Special);
            run = run < 0 ? source.Length - at : run;
            Copy(source, at, run, ref length);
            at += run;
            if (at == source.Length)
            {
                break;
            }

            if (!isFinal && source.Length - at < Escapes.Longest)
            {
                _sourceLength = at;
                break;
            }

            at += Take(source, at, ref length);
        }

        Length = length;
    }

    private void Copy(ReadOnlySpan<byte> source, int at, int run, ref int length)
    {
        _invisible = run > 0 ? 0 : _invisible;
        source.Slice(at, run).CopyTo(_bytes.AsSpan(length));
        var starts = _starts.AsSpan(length, run);
        for (var i = 0; i < starts.Length; i++)
        {
            starts[i] = at + i;
        }

        length += run;
    }

    private int Take(ReadOnlySpan<byte> source, int at, ref int length)
    {
        var (consumed, value) = Escapes.Read(source[at..]);
        if (value == Escapes.Nothing && ++_invisible <= MostInvisible)
        {
            return consumed;
        }

        _invisible = 0;
        _bytes[length] = value == Escapes.Nothing ? (byte)' ' : (byte)value;
        _starts[length++] = at;

        return consumed;
    }
}
