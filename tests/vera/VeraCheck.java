import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.LogManager;

import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.RuleId;

/**
 * Checks PDF files with veraPDF, all in one start of the JVM.
 *
 * <p>Usage: {@code java VeraCheck FLAVOUR[,FLAVOUR...] [FILE...]}; without files their names are read from
 * standard input, one a line. Flavours are veraPDF's: 3a, 3b, ua1, ...
 *
 * <p>For each file and flavour one line of JSON is printed: {@code {"file", "flavour", "compliant", "failed":
 * [{"clause", "test", "message", "where", "count"}]}}, and {@code "error"} where the file could not be read at
 * all. The exit status is 0 whatever the files are; it is not 0 when the check itself cannot run.
 */
public final class VeraCheck {
    private VeraCheck() {}

    public static void main(String[] arguments) throws IOException {
        // veraPDF logs every odd object; what it finds is in the result.
        LogManager.getLogManager().reset();
        VeraGreenfieldFoundryProvider.initialise();
        List<PDFAFlavour> flavours = new ArrayList<>();
        for (String name : arguments[0].split(",")) {
            PDFAFlavour flavour = PDFAFlavour.fromString(name);
            if (flavour == PDFAFlavour.NO_FLAVOUR) {
                throw new IllegalArgumentException("veraPDF knows no flavour " + name);
            }
            flavours.add(flavour);
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String file : files(arguments)) {
            for (PDFAFlavour flavour : flavours) {
                out.println(checked(file, flavour));
            }
        }
    }

    private static List<String> files(String[] arguments) throws IOException {
        if (arguments.length > 1) {
            return Arrays.asList(arguments).subList(1, arguments.length);
        }
        List<String> names = new ArrayList<>();
        InputStreamReader bytes = new InputStreamReader(System.in, StandardCharsets.UTF_8);
        try (BufferedReader lines = new BufferedReader(bytes)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isEmpty()) {
                    names.add(line);
                }
            }
        }
        return names;
    }

    /** The line of one file and flavour. A file that cannot be read is a finding, and no end of the run. */
    private static String checked(String file, PDFAFlavour flavour) {
        StringBuilder line = new StringBuilder("{\"file\": ").append(quoted(file));
        line.append(", \"flavour\": ").append(quoted(flavour.getId()));
        // A parser is good for one flavour: the model that it builds depends on it.
        try (PDFAParser parser = Foundries.defaultInstance().createParser(Path.of(file).toFile(), flavour);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
            ValidationResult result = validator.validate(parser);
            line.append(", \"compliant\": ").append(result.isCompliant());
            line.append(", \"failed\": [").append(String.join(", ", failed(result))).append("]");
        } catch (Exception | StackOverflowError error) {
            line.append(", \"compliant\": false, \"failed\": [], \"error\": ").append(quoted(error.toString()));
        }
        return line.append("}").toString();
    }

    /** Each failed rule once, with the message and the place of its first failure. */
    private static List<String> failed(ValidationResult result) {
        Map<RuleId, TestAssertion> first = new LinkedHashMap<>();
        for (TestAssertion one : result.getTestAssertions()) {
            if (one.getStatus() == TestAssertion.Status.FAILED) {
                first.putIfAbsent(one.getRuleId(), one);
            }
        }
        List<String> rules = new ArrayList<>();
        for (Map.Entry<RuleId, Integer> rule : result.getFailedChecks().entrySet()) {
            TestAssertion shown = first.get(rule.getKey());
            String message = shown == null ? "" : shown.getErrorMessage();
            String where = shown == null ? "" : shown.getLocation().getContext();
            rules.add(
                    "{\"clause\": " + quoted(rule.getKey().getClause())
                            + ", \"test\": " + rule.getKey().getTestNumber()
                            + ", \"message\": " + quoted(message == null ? shown.getMessage() : message)
                            + ", \"where\": " + quoted(where)
                            + ", \"count\": " + rule.getValue() + "}");
        }
        return rules;
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char c : (text == null ? "" : text).toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
