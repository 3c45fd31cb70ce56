using System.Text;

namespace Countersign.Core.Actions.Json;

/// <summary>
/// Reads one JSON value in one pass and writes its canonical form beside it. Steps: (1) whole-document checks: bytes,
/// byte order mark, UTF-8; (2) the value, each token written as it is read; (3) at the end of each object, its names
/// are checked against each other and its members put in order; (4) nothing may follow.
/// </summary>
internal ref struct CanonicalReader(ReadOnlySpan<byte> input, JsonLimits limits)
{
    private readonly MemberOrder _members = new(limits.NamesMayDifferInCaseOnly);
    private TokenReader _tokens = new(input, limits);
    private int _values;

    /// <summary>The canonical bytes, or null with the refusal.</summary>
    public byte[]? Read(out JsonRefusal? refusal)
    {
        // 1, 2 with 3 inside, 4.
        bool read = _tokens.TryCheckWhole() && TryReadValue() && TryEnd();
        refusal = _tokens.Refusal;
        return read ? _tokens.Output.Written.ToArray() : null;
    }

    // 2. One value of any kind.
    private bool TryReadValue()
    {
        _tokens.SkipWhiteSpace();
        if (_tokens.IsAtEnd)
        {
            return _tokens.RefuseByte();
        }

        if (++_values > limits.Values)
        {
            return _tokens.Refuse(JsonFault.TooManyValues, _tokens.Position);
        }

        return _tokens.Next switch
        {
            (byte)'{' => TryReadObject(),
            (byte)'[' => TryReadArray(),
            (byte)'"' => _tokens.TryTakeString(out _),
            (byte)'-' or (>= (byte)'0' and <= (byte)'9') => _tokens.TryTakeNumber(),
            (byte)'t' => _tokens.TryTakeWord("true"u8),
            (byte)'f' => _tokens.TryTakeWord("false"u8),
            (byte)'n' => _tokens.TryTakeWord("null"u8),
            (byte)'N' or (byte)'I' => _tokens.Refuse(JsonFault.NonFiniteNumber, _tokens.Position),
            (byte)'+' or (byte)'.' => _tokens.Refuse(JsonFault.MalformedNumber, _tokens.Position),
            _ => _tokens.RefuseByte(),
        };
    }

    private bool TryReadObject()
    {
        if (!TryEnter())
        {
            return false;
        }

        int first = _members.Count;
        bool closed = TryTakeClosing((byte)'}');
        while (!closed)
        {
            if (!TryReadMember() || !TryTakeSeparator((byte)'}', out closed))
            {
                return false;
            }
        }

        return TryArrange(first) && Leave();
    }

    private bool TryReadMember()
    {
        _tokens.SkipWhiteSpace();
        _tokens.Path.AtWhole();
        int offset = _tokens.Position;
        int start = _tokens.Output.Length;
        if (!TryReadName(out string name) || !TryReadValue())
        {
            return false;
        }

        _members.Add(name, offset, start.._tokens.Output.Length);
        return true;
    }

    private bool TryReadName(out string name)
    {
        name = "";
        if (!_tokens.IsNext((byte)'"'))
        {
            return _tokens.RefuseByte();
        }

        if (!_tokens.TryTakeString(out ReadOnlySpan<byte> text))
        {
            return false;
        }

        name = Encoding.UTF8.GetString(text);
        _tokens.Path.At(name);
        _tokens.SkipWhiteSpace();
        if (!_tokens.IsNext((byte)':'))
        {
            return _tokens.RefuseByte();
        }

        _tokens.TakeByte();
        return true;
    }

    // 3. Two names that are equal, or equal ignoring case, let two receivers read two different actions.
    private bool TryArrange(int first)
    {
        if (_members.TryFindClash(first, out MemberOrder.Member clash, out JsonFault fault))
        {
            _tokens.Path.At(clash.Name);
            return _tokens.Refuse(fault, clash.Offset);
        }

        _members.Arrange(first, _tokens.Output);
        return true;
    }

    private bool TryReadArray()
    {
        if (!TryEnter())
        {
            return false;
        }

        bool closed = TryTakeClosing((byte)']');
        for (int index = 0; !closed; index++)
        {
            _tokens.Path.At(index);
            if (!TryReadValue() || !TryTakeSeparator((byte)']', out closed))
            {
                return false;
            }
        }

        return Leave();
    }

    private bool TryEnter()
    {
        if (_tokens.Path.Depth == limits.Depth)
        {
            return _tokens.Refuse(JsonFault.TooDeep, _tokens.Position);
        }

        _tokens.TakeByte();
        _tokens.Path.Enter();
        return true;
    }

    private readonly bool Leave()
    {
        _tokens.Path.Leave();
        return true;
    }

    private bool TryTakeClosing(byte closing)
    {
        _tokens.SkipWhiteSpace();
        bool closes = _tokens.IsNext(closing);
        if (closes)
        {
            _tokens.TakeByte();
        }

        return closes;
    }

    private bool TryTakeSeparator(byte closing, out bool closed)
    {
        closed = TryTakeClosing(closing);
        if (closed)
        {
            return true;
        }

        if (!_tokens.IsNext((byte)','))
        {
            return _tokens.RefuseByte();
        }

        int comma = _tokens.Position;
        _tokens.TakeByte();
        _tokens.SkipWhiteSpace();
        return !_tokens.IsNext(closing) || _tokens.Refuse(JsonFault.TrailingComma, comma);
    }

    // 4. The canonical form must fit the limit too, or what was accepted once could not be read again.
    private bool TryEnd()
    {
        _tokens.SkipWhiteSpace();
        if (!_tokens.IsAtEnd)
        {
            JsonFault fault = _tokens.Next == '/' ? JsonFault.Comment : JsonFault.TrailingContent;
            return _tokens.Refuse(fault, _tokens.Position);
        }

        return _tokens.Output.Length <= limits.Bytes || _tokens.Refuse(JsonFault.TooManyBytes, _tokens.Position);
    }
}
