using System.Buffers.Binary;
using System.IO.Compression;

namespace Countersign.EndToEnd.Support;

/// <summary>
/// Writes a screenshot with a palette: pages have few colours, and a picture in the repository should be small. Colours
/// beyond the palette's 256, all of them shades of letters' edges, become the nearest that is in it.
/// </summary>
internal static class PalettePng
{
    private const int MaxColours = 256;

    /// <summary>Squared distance from which two colours are told apart: about five steps in each channel.</summary>
    private const int Unlike = 75;

    private const int SignatureBytes = 8;
    private const int HeaderBytes = 13;
    private const byte EightBits = 8;
    private const byte Indexed = 3;
    private const uint CrcPolynomial = 0xEDB88320;

    /// <param name="png">What the browser made: eight bits of red, green and blue, with or without alpha.</param>
    public static byte[] Of(byte[] png)
    {
        var (width, height, pixels) = Read(png);
        var palette = PaletteOf(pixels);
        var indexes = new Dictionary<int, byte>();
        var lines = new byte[(width + 1) * height];
        for (var i = 0; i < pixels.Length; i++)
        {
            if (!indexes.TryGetValue(pixels[i], out var index))
            {
                indexes.Add(pixels[i], index = NearestOf(pixels[i], palette));
            }

            // Each line begins with its filter; none is best for indexes.
            lines[(i / width * (width + 1)) + 1 + (i % width)] = index;
        }

        return Write(width, height, palette, lines);
    }

    /// <summary>
    /// The colours that most pixels have, each unlike those before it: a small mark keeps its colour, though the edges
    /// of letters have more pixels.
    /// </summary>
    private static int[] PaletteOf(int[] pixels)
    {
        var palette = new List<int>();
        foreach (var (colour, _) in pixels.CountBy(colour => colour).OrderByDescending(pair => pair.Value))
        {
            if (palette.Count < MaxColours && palette.All(known => DistanceOf(known, colour) >= Unlike))
            {
                palette.Add(colour);
            }
        }

        return [.. palette];
    }

    private static byte NearestOf(int colour, int[] palette) =>
        (byte)Array.IndexOf(palette, palette.MinBy(known => DistanceOf(colour, known)));

    private static int DistanceOf(int one, int other)
    {
        var (red, green, blue) = ((one >> 16) - (other >> 16), (byte)(one >> 8) - (byte)(other >> 8),
            (byte)one - (byte)other);
        return (red * red) + (green * green) + (blue * blue);
    }

    private static (int Width, int Height, int[] Pixels) Read(byte[] png)
    {
        var (header, data) = (Array.Empty<byte>(), new MemoryStream());
        for (var at = SignatureBytes; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            var body = png.AsSpan(at + 8, length);
            switch (System.Text.Encoding.ASCII.GetString(png, at + 4, 4))
            {
                case "IHDR":
                    header = body.ToArray();
                    break;
                case "IDAT":
                    data.Write(body);
                    break;
                default:
                    break;
            }

            at += length + 12;
        }

        var (width, height) = (
            BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)));
        var channels = header[9] switch
        {
            2 => 3,
            6 => 4,
            var other => throw new InvalidOperationException($"The browser made a picture of colour type {other}."),
        };
        data.Position = 0;
        using var inflated = new ZLibStream(data, CompressionMode.Decompress);
        return (width, height, Unfilter(inflated, width, height, channels));
    }

    /// <summary>Undoes the filters of the lines (PNG section 9).</summary>
    private static int[] Unfilter(Stream lines, int width, int height, int channels)
    {
        var pixels = new int[width * height];
        var (above, line) = (new byte[width * channels], new byte[width * channels]);
        for (var y = 0; y < height; y++)
        {
            var filter = lines.ReadByte();
            lines.ReadExactly(line);
            for (var i = 0; i < line.Length; i++)
            {
                var left = i >= channels ? line[i - channels] : (byte)0;
                var corner = i >= channels ? above[i - channels] : (byte)0;
                line[i] += filter switch
                {
                    0 => 0,
                    1 => left,
                    2 => above[i],
                    3 => (byte)((left + above[i]) / 2),
                    _ => Paeth(left, above[i], corner),
                };
            }

            for (var x = 0; x < width; x++)
            {
                var at = x * channels;
                pixels[(y * width) + x] = (line[at] << 16) | (line[at + 1] << 8) | line[at + 2];
            }

            (above, line) = (line, above);
        }

        return pixels;
    }

    private static byte Paeth(byte left, byte above, byte corner)
    {
        var (toLeft, toAbove, toCorner) = (
            Math.Abs(above - corner), Math.Abs(left - corner), Math.Abs(left + above - (2 * corner)));
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }

    private static byte[] Write(int width, int height, int[] palette, byte[] lines)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (EightBits, Indexed);
        var colours = palette
            .SelectMany(colour => (byte[])[(byte)(colour >> 16), (byte)(colour >> 8), (byte)colour]).ToArray();
        using var packed = new MemoryStream();
        using (var deflated = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflated.Write(lines);
        }

        return
        [
            0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n',
            .. Chunk("IHDR"u8, header), .. Chunk("PLTE"u8, colours), .. Chunk("IDAT"u8, packed.ToArray()),
            .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] body)
    {
        var chunk = new byte[body.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        type.CopyTo(chunk.AsSpan(4));
        body.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), CrcOf(chunk.AsSpan(4, 4 + body.Length)));
        return chunk;
    }

    private static uint CrcOf(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ CrcPolynomial;
            }
        }

        return ~crc;
    }
}
