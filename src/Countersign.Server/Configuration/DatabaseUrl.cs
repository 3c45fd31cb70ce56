using System.Globalization;
using System.Net;
using Npgsql;

namespace Countersign.Server.Configuration;

/// <summary>
/// A database as a URL: <c>postgresql://user:password@host:port/database?sslmode=…</c>, the form that libpq documents
/// under "Connection URIs". One host; of the parameters those that say how to connect.
/// </summary>
internal static class DatabaseUrl
{
    private const int DefaultPort = 5432;

    /// <exception cref="FormatException">It is no such URL, or names a parameter that has no meaning here.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Host.Length == 0)
        {
            throw new FormatException("no URL");
        }

        var dsn = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host.Trim('[', ']'),
            Port = url.Port > 0 ? url.Port : DefaultPort,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        };
        var user = url.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            dsn.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            dsn.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            Set(dsn, WebUtility.UrlDecode(parts[0]), parts.Length == 2 ? WebUtility.UrlDecode(parts[1]) : "");
        }

        return dsn;
    }

    private static void Set(NpgsqlConnectionStringBuilder dsn, string name, string value)
    {
        switch (name)
        {
            case "sslmode":
                dsn.SslMode = value switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw new FormatException("no sslmode"),
                };
                break;
            case "sslrootcert":
                dsn.RootCertificate = value;
                break;
            case "connect_timeout":
                dsn.Timeout = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
                break;
            case "application_name":
                dsn.ApplicationName = value;
                break;
            default:
                throw new FormatException($"no parameter {name}");
        }
    }
}
