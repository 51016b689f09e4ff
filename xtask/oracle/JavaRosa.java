// Plays a recorded sequence of answers in JavaRosa, the engine of ODK Collect, and measures it: how long the form takes
// to load, how long each answer takes to be set with all that it recomputes, and how much memory is held.
//
// Usage: java -cp ODK_Validate.jar JavaRosa.java FORM.xml PLAY.tsv ROUNDS
// A line of the play is a reference, a tab and a value. The last line printed is JSON; times are in nanoseconds.

import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.model.xform.XPathReference;
import org.javarosa.xform.util.XFormAnswerDataParser;
import org.javarosa.xform.util.XFormUtils;

public final class JavaRosa {
    public static void main(String[] arguments) throws Exception {
        new XFormsModule().registerModule();
        List<String> play = Files.readAllLines(Path.of(arguments[1]));
        int rounds = Integer.parseInt(arguments[2]);
        List<Long> loads = new ArrayList<>();
        List<Long> answers = new ArrayList<>();
        List<FormDef> kept = new ArrayList<>();
        int refused = 0;
        long before = held();
        for (int round = 0; round < rounds; round++) {
            long begin = System.nanoTime();
            FormDef form = load(arguments[0]);
            loads.add(System.nanoTime() - begin);
            refused = 0;
            for (String line : play) {
                long took = answer(form, line.split("\t", -1));
                // The first rounds only warm the virtual machine up.
                if (took >= 0 && round >= rounds / 2) {
                    answers.add(took);
                }
                refused += took < 0 ? 1 : 0;
            }
            kept.clear();
            kept.add(form);
        }
        long memory = held() - before;
        List<Long> warm = loads.subList(rounds / 2, rounds);
        System.out.println("{\"load_ns\":" + at(warm, 0.5) + ",\"answers\":" + answers.size()
            + ",\"p50_ns\":" + at(answers, 0.5) + ",\"p99_ns\":" + at(answers, 0.99)
            + ",\"memory_bytes\":" + memory + ",\"refused\":" + refused + ",\"forms\":" + kept.size() + "}");
    }

    /** The time that one answer took; -1 for a reference that the instance does not hold. */
    private static long answer(FormDef form, String[] cells) {
        TreeReference reference = (TreeReference) new XPathReference(cells[0]).getReference();
        TreeElement element = form.getMainInstance().resolveReference(reference);
        if (element == null) {
            return -1;
        }
        IAnswerData value =
            cells[1].isEmpty() ? null : XFormAnswerDataParser.getAnswerData(cells[1], element.getDataType());
        long from = System.nanoTime();
        form.setValue(value, reference, true);
        return System.nanoTime() - from;
    }

    private static FormDef load(String path) throws Exception {
        try (InputStream in = new FileInputStream(path)) {
            FormDef form = XFormUtils.getFormFromInputStream(in);
            form.initialize(true, new InstanceInitializationFactory());
            return form;
        }
    }

    private static long held() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static long at(List<Long> numbers, double share) {
        long[] sorted = numbers.stream().mapToLong(Long::longValue).sorted().toArray();
        return sorted.length == 0 ? 0 : sorted[Math.min(sorted.length - 1, (int) (sorted.length * share))];
    }
}
