using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Countersign.Core.Actions.Json;

/// <summary>Takes tokens from the input, writes each in canonical form, and remembers the one refusal.</summary>
internal ref struct TokenReader(ReadOnlySpan<byte> input, JsonLimits limits)
{
    private readonly ReadOnlySpan<byte> _input = input;
    private readonly OutputBuffer _text = new(64);
    private int _position;

    public OutputBuffer Output { get; } = new(input.Length <= limits.Bytes ? input.Length : 0);

    public JsonPath Path { get; } = new();

    public JsonRefusal? Refusal { get; private set; }

    public readonly int Position => _position;

    public readonly bool IsAtEnd => _position == _input.Length;

    /// <summary>The byte at the position; only when not at the end.</summary>
    public readonly byte Next => _input[_position];

    /// <summary>Checks what concerns the document as a whole: bytes, byte order mark, UTF-8.</summary>
    public bool TryCheckWhole()
    {
        if (_input.Length > limits.Bytes)
        {
            return Refuse(JsonFault.TooManyBytes, limits.Bytes);
        }

        if (_input.StartsWith("\uFEFF"u8))
        {
            return Refuse(JsonFault.ByteOrderMark, 0);
        }

        // Checked here once and for all, so that later steps may copy bytes without looking at them.
        return Utf8.IsValid(_input) || Refuse(JsonFault.InvalidUtf8, FindInvalidUtf8());
    }

    public void SkipWhiteSpace()
    {
        while (!IsAtEnd && Next is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            _position++;
        }
    }

    public readonly bool IsNext(byte value) => !IsAtEnd && Next == value;

    /// <summary>Takes one byte of structure, which is canonical as it stands.</summary>
    public void TakeByte() => Output.Append(_input[_position++]);

    public bool TryTakeWord(ReadOnlySpan<byte> word)
    {
        if (!_input[_position..].StartsWith(word))
        {
            return RefuseByte();
        }

        Output.Append(word);
        _position += word.Length;
        return true;
    }

    public bool TryTakeNumber()
    {
        ReadOnlySpan<byte> rest = _input[_position..];
        if (!NumberToken.TryTake(rest, limits.NumberCharacters, out NumberToken number, out JsonFault fault))
        {
            return Refuse(fault, _position);
        }

        if (!number.TryAppend(Output))
        {
            return Refuse(JsonFault.NumberOverflow, _position);
        }

        _position += number.Length;
        return true;
    }

    /// <summary>Takes a string; its text, without quotes and escapes, lives until the next string is taken.</summary>
    public bool TryTakeString(out ReadOnlySpan<byte> text)
    {
        int start = _position;
        if (!TryTakeText(out text))
        {
            return false;
        }

        // A string without escapes is canonical as it stands, quotes included.
        if (_text.Length == 0)
        {
            Output.Append(_input[start.._position]);
        }
        else
        {
            JsonText.AppendQuoted(Output, text);
        }

        return true;
    }

    public bool RefuseByte()
    {
        if (IsAtEnd)
        {
            return Refuse(JsonFault.UnexpectedEnd, _position);
        }

        return Refuse(Next == '/' ? JsonFault.Comment : JsonFault.UnexpectedByte, _position);
    }

    public bool Refuse(JsonFault fault, int offset)
    {
        Refusal = new JsonRefusal(fault, offset, Path.ToString());
        return false;
    }

    private bool TryTakeText(out ReadOnlySpan<byte> text)
    {
        _position++;
        _text.Clear();
        text = default;
        while (true)
        {
            ReadOnlySpan<byte> rest = _input[_position..];
            int special = JsonText.IndexOfSpecial(rest);
            if (special < 0)
            {
                return Refuse(JsonFault.UnexpectedEnd, _input.Length);
            }

            _position += special;
            if (rest[special] == '"')
            {
                _position++;
                text = TextEndingWith(rest[..special]);
                return true;
            }

            _text.Append(rest[..special]);
            if (!TryTakeEscape())
            {
                return false;
            }
        }
    }

    private readonly ReadOnlySpan<byte> TextEndingWith(ReadOnlySpan<byte> run)
    {
        if (_text.Length == 0)
        {
            return run;
        }

        _text.Append(run);
        return _text.Written;
    }

    private bool TryTakeEscape()
    {
        if (Next != '\\')
        {
            return Refuse(JsonFault.ControlCharacter, _position);
        }

        if (!JsonText.TryUnescape(_input[_position..], _text, out int taken, out JsonFault fault))
        {
            return Refuse(fault, _position);
        }

        _position += taken;
        return true;
    }

    private readonly int FindInvalidUtf8()
    {
        int offset = 0;
        while (Rune.DecodeFromUtf8(_input[offset..], out _, out int taken) == OperationStatus.Done)
        {
            offset += taken;
        }

        return offset;
    }
}
