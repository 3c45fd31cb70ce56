using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Gates.Api;

/// <summary>
/// The API's own description (OpenAPI 3.1), written by hand and held to the routes by a test. No token is needed.
/// </summary>
internal static class ApiDocument
{
    private const string Resource = "openapi.json";

    private static readonly Lazy<byte[]> s_bytes = new(Read);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/openapi/v1.json", WriteAsync);

    private static async Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = s_bytes.Value.Length;
        await context.Response.Body.WriteAsync(s_bytes.Value, context.RequestAborted);
    }

    private static byte[] Read()
    {
        using var stream = typeof(ApiDocument).Assembly.GetManifestResourceStream(Resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
