using System.Buffers;
using System.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction;

/// <summary>
/// Masks one UTF-8 text that comes in pieces. It keeps a bounded part of it; how the text was cut does not matter,
/// because it is looked at in blocks whose borders depend on the text alone, and a block is finished only as far as
/// nothing behind it could change.
/// </summary>
public sealed class RedactionStream
{
    private const int FirstBlock = 64 * 1024;

    // A text can hide so many bytes behind one that is seen that a block shows too little to go on; see TextView.
    private const int LargestBlock = 1024 * 1024;

    private readonly RedactionPlan _plan;
    private readonly IBufferWriter<byte> _output;
    private readonly Scanner _scanner;
    private readonly TextView _view = new();
    private readonly List<Found> _found = [];
    private readonly long[] _counts;

    private byte[] _block;
    private int _length;
    private int _at;
    private int _written;
    private bool _isComplete;

    /// <summary>Writes the masked text to a writer.</summary>
    public RedactionStream(RedactionPlan plan, IBufferWriter<byte> output)
        : this(plan, output, FirstBlock)
    {
    }

    internal RedactionStream(RedactionPlan plan, IBufferWriter<byte> output, int block)
    {
        (_plan, _output, _scanner) = (plan, output, new Scanner(plan));
        (_block, _counts) = (new byte[block], new long[plan.Kinds.Length]);
    }

    /// <summary>What was masked so far.</summary>
    public RedactionReport Report => RedactionReport.Of(
        from kind in _plan.Kinds
        where _counts[kind.Index] > 0
        select KeyValuePair.Create(kind.Name, _counts[kind.Index]));

    internal long Steps => _scanner.Steps;

    /// <summary>Takes the next piece.</summary>
    /// <exception cref="InvalidOperationException">The text was said to be complete.</exception>
    public void Write(ReadOnlySpan<byte> piece)
    {
        if (_isComplete)
        {
            throw new InvalidOperationException("The text is complete; make another stream for another text.");
        }

        while (!piece.IsEmpty)
        {
            if (_length == _block.Length)
            {
                Scan(isFinal: false);
            }

            var taken = Math.Min(piece.Length, _block.Length - _length);
            piece[..taken].CopyTo(_block.AsSpan(_length));
            _length += taken;
            piece = piece[taken..];
        }
    }

    /// <summary>Writes what is left of the text.</summary>
    public RedactionReport Complete()
    {
        if (!_isComplete)
        {
            Scan(isFinal: true);
            _isComplete = true;
        }

        return Report;
    }

    private void Scan(bool isFinal)
    {
        var source = _block.AsSpan(0, _length);
        var text = _view.Read(source, isFinal);
        _found.Clear();
        _at = _scanner.Scan(text, _at, isFinal, _found);
        foreach (var found in _found)
        {
            Mask(source, text, found);
        }

        // A value can still be found to begin before the place where the scanner stands.
        var done = isFinal ? text.Length : Math.Max(0, _at - Scanner.Behind);
        Copy(source, _view.SourceOf(done));
        if (!isFinal)
        {
            Slide(done);
        }
    }

    private void Mask(ReadOnlySpan<byte> source, ReadOnlySpan<byte> text, Found found)
    {
        var (start, end) = (_view.SourceOf(found.Start), _view.SourceOf(found.End));
        Copy(source, start);
        _written = end;
        if (!found.IsTail)
        {
            _counts[found.Kind.Index]++;
            var mask = Masks.Of(_plan, found.Kind, source[start..end], text[found.Start..found.End]);
            _output.Write(Encoding.UTF8.GetBytes(mask));
        }
    }

    private void Copy(ReadOnlySpan<byte> source, int end)
    {
        if (end > _written)
        {
            _output.Write(source[_written..end]);
            _written = end;
        }
    }

    private void Slide(int done)
    {
        var gone = _view.SourceOf(done);
        if (gone == 0 && _length == _block.Length)
        {
            Grow();
            return;
        }

        _block.AsSpan(gone, _length - gone).CopyTo(_block);
        _scanner.Slide(done);
        (_length, _written, _at) = (_length - gone, _written - gone, _at - done);
    }

    private void Grow()
    {
        if (_block.Length >= LargestBlock)
        {
            throw new InvalidOperationException("A block of text shows less than what a detector has to see.");
        }

        Array.Resize(ref _block, _block.Length * 2);
    }
}
