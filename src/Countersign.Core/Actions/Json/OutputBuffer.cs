namespace Countersign.Core.Actions.Json;

/// <summary>A growing run of bytes whose written part can still be rearranged.</summary>
internal sealed class OutputBuffer(int capacity)
{
    private byte[] _bytes = new byte[Math.Max(capacity, 16)];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Append(byte value)
    {
        if (Length == _bytes.Length)
        {
            Grow(1);
        }

        _bytes[Length++] = value;
    }

    public void Append(ReadOnlySpan<byte> values)
    {
        values.CopyTo(Reserve(values.Length));
        Length += values.Length;
    }

    /// <summary>
    /// Room for at least <paramref name="count"/> bytes behind the written ones; <see cref="Advance"/> keeps them.
    /// </summary>
    public Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Grow(count);
        }

        return _bytes.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    public void Overwrite(int start, ReadOnlySpan<byte> values) => values.CopyTo(_bytes.AsSpan(start, values.Length));

    public void Clear() => Length = 0;

    private void Grow(int count) => Array.Resize(ref _bytes, Math.Max(checked(Length + count), _bytes.Length * 2));
}
